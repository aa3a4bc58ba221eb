import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../infra/bundle.ts";
import { expect, test } from "../../support/jest.ts";
import { ACTION, readGitLabJobs, readWorkflow } from "./read-files.ts";

const program = readFileSync(join(ROOT, "cli/ci.ts"), "utf8");
const manual = readFileSync(join(ROOT, "docs/ci.md"), "utf8");
const template = readGitLabJobs()[".cutover-rollout"];

/** The inputs that the program reads, as the action names them; the front door's function is an option of it. */
const inputs = ["function", "plan", ...[...program.matchAll(/read\("([a-z-]+)"/g)].map(([, name = ""]) => name)];
/** Those of the action that are for the step before. */
const SIGN_IN = ["role-to-assume", "aws-region"];
const OUTPUTS = ["rollout-id", "status", "plan", "flipped", "failed"];

function toVariable(input: string): string {
  return `CUTOVER_${input.toUpperCase().replaceAll("-", "_")}`;
}

test("the action has the program's inputs, and hands over each", () => {
  expect(inputs).toHaveLength(19);
  expect(Object.keys(ACTION.inputs).sort()).toEqual([...inputs, ...SIGN_IN].sort());
  const handed = Object.assign({}, ...ACTION.runs.steps.map(({ env }) => env));
  expect(handed).toEqual(Object.fromEntries(inputs.map((input) => [toVariable(input), `\${{ inputs.${input} }}`])));
});

test("the action has the program's outputs", () => {
  const values = OUTPUTS.map((name) => [name, `\${{ steps.rollout.outputs.${name} }}`]);
  expect(
    Object.entries(ACTION.outputs)
      .map(([name, { value }]) => [name, value])
      .sort(),
  ).toEqual(values.sort());
  for (const name of OUTPUTS) {
    expect(manual).toContain(`\`${name}\``);
    expect(manual).toContain(`\`${toVariable(`output-${name}`)}\``);
  }
});

test("no input is ever part of a command line", () => {
  const run = 'node "$GITHUB_ACTION_PATH/ci/cutover.mjs" ci';
  expect(ACTION.runs.steps.flatMap((step) => step.run ?? [])).toEqual([`${run} --session`, `exec ${run}`]);
  const used = [...(template?.script ?? []).join("\n").matchAll(/\$\{?(\w+)/g)].map(([, name]) => name);
  expect(used).toContain("CUTOVER_PROGRAM");
  for (const input of inputs) expect(used).not.toContain(toVariable(input));
});

test("the GitLab template and the document name every input", () => {
  const jobs = Object.values(readGitLabJobs()).flatMap(({ variables = {} }) => Object.keys(variables));
  for (const input of inputs) {
    expect(jobs).toContain(toVariable(input));
    expect(manual).toContain(`| \`${input}\``);
  }
  for (const name of SIGN_IN) expect(manual).toContain(`| \`${name}\``);
});

test("a person approves between plan and promote", () => {
  const { plan, promote } = readWorkflow().jobs;
  expect([plan?.environment, promote?.environment, promote?.needs]).toEqual(["plan", "production", "plan"]);
  const gitlab = readGitLabJobs().promote;
  expect(gitlab).toMatchObject({ needs: ["plan"], environment: "production", rules: [{ when: "manual" }] });
});

test("the role's credentials live as long as the program says", () => {
  const signIn = ACTION.runs.steps.find(({ uses }) => uses?.startsWith("aws-actions/"));
  expect(signIn?.with?.["role-duration-seconds"]).toMatch(/^\$\{\{ steps\.session\.outputs\.session-seconds \}\}$/);
});

test("actions of others are pinned to a commit", () => {
  expect(ACTION.runs.steps.flatMap(({ uses }) => uses ?? [])).toEqual([
    expect.stringMatching(/^aws-actions\/configure-aws-credentials@[\da-f]{40}$/),
  ]);
});
