import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

const script = read("ci/rollout.mjs");
const action = read("action.yml");
const gitlab = read("templates/gitlab-ci.yml");
const manual = read("docs/ci.md");

/** The inputs that the script reads, as the action names them. */
const inputs = [...script.matchAll(/read\("([A-Z_]+)"/g)].map(([, name = ""]) =>
  name.toLowerCase().replaceAll("_", "-"),
);
/** Those of the action that are for the step before. */
const SIGN_IN = ["role-to-assume", "aws-region"];

/** The members of a top-level block of a YAML file, one level in. */
function membersOf(yaml: string, block: string): readonly string[] {
  const [, text = ""] = yaml.split(`\n${block}:\n`);
  const [inside = ""] = text.split(/\n(?=\S)/);
  return [...inside.matchAll(/^ {2}([\w-]+):/gm)].map(([, name = ""]) => name);
}

function toVariable(input: string): string {
  return `CUTOVER_${input.toUpperCase().replaceAll("-", "_")}`;
}

test("the action has the script's inputs, and hands over each", () => {
  expect(inputs).toHaveLength(15);
  expect([...membersOf(action, "inputs")].sort()).toEqual([...inputs, ...SIGN_IN].sort());
  const handed = [...action.matchAll(/^ {8}(CUTOVER_\w+): \$\{\{ inputs\.([\w-]+) \}\}$/gm)];
  expect([...new Set(handed.map(([, variable]) => variable))].sort()).toEqual(inputs.map(toVariable).sort());
  for (const [, variable, input = ""] of handed) expect(variable).toBe(toVariable(input));
});

test("the action has the script's outputs", () => {
  const [, written = ""] = /Object\.entries\(\{ (.*) \}\)/.exec(script) ?? [];
  const names = written.split(", ").map((member) => /[\w-]+/.exec(member)?.[0]);
  expect(names).toEqual(["rollout-id", "status", "flipped", "failed"]);
  expect(membersOf(action, "outputs")).toEqual(names);
  for (const name of names) expect(action).toContain(`value: \${{ steps.rollout.outputs.${name} }}`);
});

test("no input is ever part of a command line", () => {
  const commands = [...action.matchAll(/^ +run: (.*)$/gm)].map(([, command]) => command);
  const script = 'node "$GITHUB_ACTION_PATH/ci/rollout.mjs"';
  expect(commands).toEqual([`${script} session`, `exec ${script}`]);
  const [, steps = ""] = gitlab.split("before_script:");
  const used = [...steps.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name);
  expect(used).toContain("CUTOVER_SCRIPT");
  for (const input of inputs) expect(used).not.toContain(toVariable(input));
  expect(steps).not.toContain("$[[");
});

test("the GitLab template and the document name every input", () => {
  for (const input of inputs) {
    expect(gitlab).toContain(toVariable(input));
    expect(manual).toContain(`| \`${input}\``);
  }
  for (const name of SIGN_IN) expect(manual).toContain(`| \`${name}\``);
});

test("the role's credentials live as long as the script says", () => {
  expect(action).toContain(`role-duration-seconds: \${{ steps.session.outputs.session-seconds }}`);
});

test("actions of others are pinned to a commit", () => {
  const used = [...action.matchAll(/^ +(?:- )?uses: (.*)$/gm)].map(([, what]) => what);
  expect(used).toEqual([
    expect.stringMatching(/^aws-actions\/configure-aws-credentials@[\da-f]{40} # v\d+\.\d+\.\d+$/),
  ]);
});
