import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator } from "../../../local/emulator/emulator.ts";
import { readStartArguments } from "../../../local/start/read-arguments.ts";
import { expect, test } from "../../support/jest.ts";
import { useNpmStart } from "../../support/use-npm-start.ts";

const { folder, start, run } = useNpmStart();
const EXAMPLE = readFileSync("local/start/example-event.json", "utf8");
/** A schedule and an action of a pipeline call the alias of its right, a rule of EventBridge only its own. */
const OVERRIDE = JSON.stringify({ ...JSON.parse(EXAMPLE), override: { reason: "a known alarm" } });
const FAULTS = "error-5xx=0.02,session-death=100,retry-after=0";

function writeEvent(text: string): string {
  const file = join(folder, "event.json");
  writeFileSync(file, text);
  return file;
}

test("the example event of a schedule is rolled out, reported and confirmed", async () => {
  const event = ["--trigger", "schedule", "--event", writeEvent(OVERRIDE)];
  const { code, out, err } = await run("--customers", "200", "--faults", FAULTS, ...event);
  expect(out).toMatch(
    /^200 customers, 60 of them on staging; faults: error-5xx=0\.02,session-death=100,retry-after=0\n/,
  );
  expect(out).toMatch(/\n\npromote 2026\.11\.0 {3}succeeded\n/);
  const [, flipped, unchanged, skipped] =
    /flipped +(\d+)\n {2}unchanged +(\d+)\n {2}skipped +(\d+)\n {2}failed +0\n/.exec(out) ?? [];
  expect(Number(flipped) + Number(unchanged) + Number(skipped)).toBe(200);
  expect(out).toContain("excluded by the event");
  expect(out).toContain("protected by the policy (tag vip)");
  expect(out).toContain("override  a known alarm");
  expect(out).toMatch(
    new RegExp(
      `\ncheck: the emulator agrees with the report: (\\d+ flipped with one write each, (\\d+ flipped with another write after an unclear reply, )?)${200 - Number(flipped)} not touched`,
    ),
  );
  expect(err).toMatch(/^(starting\n)?(running, .*\n)+$/);
  expect(out + err).not.toContain("\u001b");
  expect(code).toBe(0);
});

test("standard output is one report with --json, and no output has a secret", async () => {
  const event = ["--trigger", "codepipeline", "--event", writeEvent(OVERRIDE)];
  const { code, out, err } = await run("--customers", "50", "--seed", "7", ...event, "--json");
  const report = JSON.parse(out);
  expect(report).toMatchObject({
    ...{ action: "promote", status: "succeeded", counts: { failed: 0 }, override: { reason: "a known alarm" } },
  });
  const { flipped, unchanged, skipped } = report.counts;
  expect(flipped + unchanged + skipped).toBe(50);
  expect(err).toContain("check: the emulator agrees");
  expect(code).toBe(0);
  const { password, close } = await startEmulator({ customers: 1, seed: 7 });
  await close();
  expect(out + err).not.toContain(password);
});

test("a refused event ends with 2 and its problem, without a stack trace or a report", async () => {
  const file = writeEvent(OVERRIDE);
  const { code, out, err } = await run("--json", "--customers", "20", "--trigger", "eventbridge", "--event", file);
  expect(err).toMatch(/^start: .*this request needs the right override/);
  expect(err).toContain(`\ncorrect ${file}, then start again; docs/events.md names every member\n`);
  expect(err).not.toMatch(/\n\s+at /);
  expect(out).toBe("");
  expect(code).toBe(2);
});

test.each([
  { text: '{\n  "action": "stage",\n  "release" "1"\n}', problem: "it is not JSON: .*line 3 column 13" },
  { text: '{ "command": "status" }', problem: "it is a command, which goes to the front door" },
])("the file $text is refused, and it is said what is wrong", ({ text, problem }) => {
  const problems = [expect.stringMatching(problem)];
  expect(readStartArguments(["--event", writeEvent(text)])).toEqual({ kind: "bad", problems });
});

test("bad options end with 2 and one message with all problems", async () => {
  const bad = "--customers none --rate=0 --seeds 1 --faults drop=1 --event no-such.json --json=yes".split(" ");
  const { code, out, err } = await run(...bad);
  const problems = ["--customers none", "--rate 0", "did you mean --seed?", "  - 1:", "drop is not", "no-such.json"];
  for (const problem of [...problems, "--json", "not started"]) expect(err).toContain(problem);
  expect(out).toBe("");
  expect(code).toBe(2);
});

test("--help names every option", async () => {
  const { code, out } = await run("--help");
  for (const option of ["scenario", "event", "trigger", "customers", "rate", "faults", "seed", "json", "help"])
    expect(out).toContain(`--${option}`);
  expect(code).toBe(0);
});

test("an interruption in the middle of a rollout, even twice, ends with 130 and leaves no folder", async () => {
  const { child, ended, err, until } = start("--customers", "400", "--rate", "20");
  await until(/running, flipping/);
  child.kill("SIGINT");
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(err()).toMatch(/\nstart: stopped by SIGINT before the end; no data was kept\n$/);
  expect(readdirSync(folder).filter((name) => name.startsWith("cutover-"))).toEqual([]);
});
