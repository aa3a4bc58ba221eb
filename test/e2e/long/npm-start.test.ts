import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startEmulator } from "../../../local/emulator/emulator.ts";
import { expect, test } from "../../support/jest.ts";
import { useNpmStart } from "../../support/use-npm-start.ts";

const { folder, start, run } = useNpmStart();

const writeEvent = (event: unknown) => writeText(JSON.stringify(event));

function writeText(text: string): string {
  const file = join(folder, "event.json");
  writeFileSync(file, text);
  return file;
}

test("the example event is rolled out over 1,000 customers, reported and confirmed", async () => {
  const { code, out, err } = await run();
  expect(out).toMatch(/^1,000 customers, 300 of them on staging\n\npromote 2026\.11\.0 {3}succeeded\n/);
  const [, flipped, unchanged, skipped] =
    /flipped +(\d+)\n {2}unchanged +(\d+)\n {2}skipped +(\d+)\n {2}failed +0\n/.exec(out) ?? [];
  expect(Number(flipped) + Number(unchanged) + Number(skipped)).toBe(1_000);
  expect(out).toContain("excluded by the event");
  expect(out).toContain("protected by the policy (tag vip)");
  expect(out).toMatch(
    new RegExp(
      `\ncheck: the emulator agrees with the report: (\\d+ flipped with one write each, (\\d+ flipped with another write after an unclear reply, )?)${1_000 - Number(flipped)} not touched`,
    ),
  );
  expect(err).toMatch(/^starting\n(running, .*\n)+$/);
  expect(out + err).not.toContain("\u001b");
  expect(code).toBe(0);
});

test("standard output is one report with --json, and no output has a secret", async () => {
  const faults = "error-5xx=0.02,drop-after=0.02,session-death=100,retry-after=0";
  const { code, out, err } = await run("--customers", "100", "--seed", "7", "--faults", faults, "--json");
  const report = JSON.parse(out);
  expect(report).toMatchObject({ action: "promote", status: "succeeded", counts: { failed: 0 } });
  const { flipped, unchanged, skipped } = report.counts;
  expect(flipped + unchanged + skipped).toBe(100);
  expect(err).toContain("check: the emulator agrees");
  expect(code).toBe(0);
  const { password, close } = await startEmulator({ customers: 1, seed: 7 });
  await close();
  expect(out + err).not.toContain(password);
});

test("a refused sign-in ends with 1, no flip, and the next step", async () => {
  const { code, out } = await run("--customers", "20", "--faults", "wrong-password");
  expect(out).toMatch(/^20 customers, 6 of them on staging; faults: wrong-password\n/);
  expect(out).toContain("refused: no customer was flipped");
  expect(out).toContain("next\n  Fix the cause");
  expect(out).toContain("check: the emulator agrees with the report: 20 not touched");
  expect(code).toBe(1);
});

test.each([
  { text: '{\n  "action": "stage",\n  "release" "1"\n}', problem: "it is not JSON: .*line 3 column 13" },
  { text: '{ "command": "status" }', problem: "it is a command, which goes to the front door" },
])("the file $text ends with 2 and says what is wrong", async ({ text, problem }) => {
  const { code, err } = await run("--event", writeText(text));
  expect(err).toMatch(new RegExp(problem));
  expect(code).toBe(2);
});

test("a bad event ends with 2 and all of its problems, without a stack trace or a report", async () => {
  const file = writeEvent({ action: "promot", release: "2026.11", target: { all: true } });
  const { code, out, err } = await run("--json", "--customers", "20", "--event", file);
  expect(err).toMatch(/^start: the deploy event was refused, nothing was done; 3 problems:\n/);
  for (const path of ["action", "targets", "target"]) expect(err).toContain(`  - ${path}: `);
  expect(err).toContain(`\ncorrect ${file}, then start again; docs/events.md names every member\n`);
  expect(err).not.toMatch(/\n\s+at /);
  expect(out).toBe("");
  expect(code).toBe(2);
});

test.each([
  { trigger: "schedule", code: 0, text: "override  a known alarm" },
  { trigger: "codepipeline", code: 0, text: "override  a known alarm" },
  { trigger: "eventbridge", code: 2, text: "this request needs the right override" },
])("$trigger sends an event with an override to the alias that it calls in AWS", async ({ trigger, code, text }) => {
  const override = { reason: "a known alarm" };
  const file = writeEvent({ action: "stage", release: "1.0", targets: { all: true }, override });
  const ran = await run("--customers", "20", "--trigger", trigger, "--event", file);
  expect(ran.out + ran.err).toContain(text);
  expect(ran.code).toBe(code);
});

test("bad options end with 2 and one message with all problems", async () => {
  const { code, out, err } = await run(
    ...[
      "--customers",
      "none",
      "--rate=0",
      "--seeds",
      "1",
      "--faults",
      "drop=1",
      "--event",
      "no-such.json",
      "--json=yes",
    ],
  );
  for (const problem of [
    "--customers none",
    "--rate 0",
    "did you mean --seed?",
    "  - 1:",
    "drop is not",
    "no-such.json",
    "--json",
  ])
    expect(err).toContain(problem);
  expect(err).toContain("not started");
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
