import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readStartArguments } from "../../../local/start/read-arguments.ts";
import { describe, expect, test } from "../../support/jest.ts";
import { useNpmStart } from "../../support/use-npm-start.ts";

const { folder, run } = useNpmStart();

function writeEvent(changes: Readonly<Record<string, unknown>>): string {
  const file = join(folder, "event.json");
  writeFileSync(file, JSON.stringify({ action: "promote", release: "2026.11.0", targets: { all: true }, ...changes }));
  return file;
}

describe("a rollout that a trigger starts", () => {
  test.each([
    ["github", "arrived at POST /webhook/github; the webhook answered 202", /github_deployment_status-2/],
    ["schedule", "arrived; the front door answered", /npm-start-\d{8}T\d{6}Z-[0-9a-f]{10}/],
  ])("%s is answered, rolled out, reported and confirmed", async (trigger, answered, id) => {
    const { code, out, err } = await run("--trigger", trigger, "--customers", "200");
    const [introduction, , line = ""] = out.split("\n");
    expect(introduction).toBe("200 customers, 60 of them on staging");
    expect(line).toMatch(new RegExp(`^${trigger}: .+, ${answered}: rollout ${id.source} is starting$`));
    const [, rolloutId] = /rollout (\S+) is starting$/.exec(line) ?? [];
    expect(out).toContain(`\nrollout   ${rolloutId}\n`);
    expect(out).toMatch(/\npromote 2026\.11\.0 {3}succeeded\n/);
    const [, flipped] = /flipped +(\d+)\n/.exec(out) ?? [];
    expect(Number(flipped)).toBeGreaterThan(0);
    expect(out).toContain(
      `\ncheck: the emulator agrees with the report: ${flipped} flipped with one write each, ${200 - Number(flipped)} not touched`,
    );
    expect(err).toMatch(/^(starting\n)?(running, .*\n)+$/);
    expect(code).toBe(0);
  });
});

test("an action of a pipeline gets the end of its rollout", async () => {
  const { code, out } = await run("--trigger", "codepipeline", "--customers", "20", "--faults", "wrong-password");
  expect(out).toMatch(
    /\ncodepipeline: the next job, .+ answered it with PutJobFailureResult: promote 2026\.11\.0 {3}refused: no customer was flipped\n/,
  );
  expect(out).toContain("check: the emulator agrees with the report: 20 not touched");
  expect(code).toBe(1);
});

test("standard output is one report with --json, and the door's answer is on standard error", async () => {
  const { code, out, err } = await run("--trigger", "webhook", "--customers", "20", "--json");
  expect(JSON.parse(out)).toMatchObject({ status: "succeeded", counts: { failed: 0 } });
  expect(err).toMatch(/^webhook: [^\n]+ is starting\n/);
  expect(code).toBe(0);
});

test.each([["codepipeline", { wait: "no" }, "  - wait: "]])(
  "an event that the door refuses ends with 2 and its problems: %s",
  async (trigger, changes, problem) => {
    const { code, out, err } = await run("--trigger", trigger, "--customers", "20", "--event", writeEvent(changes));
    expect(out).toMatch(new RegExp(`\n${trigger}: [^\n]+refused`));
    expect(err).toMatch(/^start: .+ was refused, nothing was done; 1 problem:\n/);
    expect(err).toContain(problem);
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  },
);

describe("options", () => {
  test.each([
    [["--scenario", "fire"], "--scenario fire: expected one of rollback, crash"],
    [["--customers", "5", "--customers", "6"], "--customers: expected once"],
    [["--trigger", "gitlab"], "--trigger gitlab: expected one of github, webhook, schedule"],
    [
      ["--trigger", "github", "--event", "local/start/example-event.json"],
      "--event: expected none with --trigger github",
    ],
    [
      ["--trigger", "webhook", "--event", "local/start/example-event.json"],
      "--event: expected none with --trigger webhook",
    ],
  ])("%s are refused", (args, problem) => {
    expect(readStartArguments(args)).toEqual({ kind: "bad", problems: [expect.stringContaining(problem)] });
  });

  test("an event that is too long for CodePipeline is refused", () => {
    const args = ["--trigger", "codepipeline", "--event", writeEvent({ reason: "x".repeat(1_000) })];
    const problem = /^--event: expected at most 1000 characters with --trigger codepipeline, got 1\d{3}$/;
    expect(readStartArguments(args)).toEqual({ kind: "bad", problems: [expect.stringMatching(problem)] });
  });
});
