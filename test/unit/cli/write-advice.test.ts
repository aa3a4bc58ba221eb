import { toFlag } from "../../../cli/to-flag.ts";
import { createAdviceWriter } from "../../../cli/write-advice.ts";
import type { Advice } from "../../../lambda/contract/advice.ts";
import { writeAsJson } from "../../../lambda/contract/advice.ts";
import { expect, test } from "../../support/jest.ts";

const YOU = { requestedBy: "YOU", reason: "WHY" };

const SENT: readonly (readonly [NonNullable<Advice["send"]>, string])[] = [
  [{ command: "clear-release", release: "1.0 beta", ...YOU }, "release '1.0 beta' --reason WHY"],
  [{ command: "hold-release", release: "1.0", ...YOU }, "hold 1.0 --reason WHY"],
  [{ command: "resume-everything", ...YOU }, "go --reason WHY"],
  [{ command: "lift-freeze", name: "fair", ...YOU }, "lift-freeze fair --reason WHY"],
  [{ command: "try-login-again", ...YOU }, "try-login-again --reason WHY"],
  [{ command: "abort", rolloutId: "night", ...YOU }, "abort night --reason WHY"],
  [{ command: "status", rolloutId: "night" }, "status night --watch"],
  [
    { command: "approve", rolloutId: "night", plan: "0f3c9a1b2d4e", wave: 2, ...YOU },
    "approve night --plan 0f3c9a1b2d4e --wave 2 --reason WHY",
  ],
  [{ action: "rollback", rolloutId: "night" }, "rollback night"],
  [{ action: "rollback", release: "1.0" }, "rollback --release 1.0"],
];

test.each(SENT)("%j is one command line, and the same JSON for other readers", (send, line) => {
  const advice = { say: "To do it:", send };
  expect(createAdviceWriter(["--stack", "prod"])(advice)).toBe(`cutover ${line} --stack prod`);
  expect(JSON.parse(writeAsJson(advice) ?? "")).toEqual(send);
});

const PLAN = { dryRun: false, id: undefined, plan: "0f3c9a1b2d4e" };
const ADDED: readonly (readonly [string, NonNullable<Advice["add"]>, string])[] = [
  ["plan promote 1.0 --all --json", PLAN, "cutover promote 1.0 --all --plan 0f3c9a1b2d4e"],
  ["--sandbox plan rollback night --csv", { dryRun: false }, "cutover --sandbox rollback night"],
  ["status planned-1", PLAN, "the same command with --plan 0f3c9a1b2d4e"],
  [
    "promote 1.0 --tag plan",
    { onBusy: "wait", notAfter: "TIME" },
    "cutover promote 1.0 --tag plan --on-busy wait --not-after TIME",
  ],
  ["stage 1.0 --all --yes", { override: { reason: "WHY" } }, "cutover stage 1.0 --all --override WHY"],
];

test.each(ADDED)("an event of `%s` is sent again as the line that was typed", (typed, add, line) => {
  const { argv } = process;
  process.argv = ["node", "cutover", ...typed.split(" ")];
  const written = createAdviceWriter(["--sandbox"])({ say: "To do it:", add });
  process.argv = argv;
  expect(written).toBe(line);
});

test("a reader of JSON gets the members that are added, and nothing where there is only a sentence", () => {
  expect(writeAsJson({ say: "", add: PLAN })).toBe('the same event with "dryRun":false,"plan":"0f3c9a1b2d4e"');
  expect(writeAsJson({ say: "" })).toBeUndefined();
  expect(createAdviceWriter([])({ say: "" })).toBeUndefined();
});

const PATHS: readonly (readonly [string, string])[] = [
  ["targets[0].tags[1]", "--tag"],
  ["targets[1].match", "--match"],
  ["exclude[0].parentCustomerId", "--exclude-parent"],
  ["exclude[2].cohort", "--exclude-cohort"],
  ["limits.maxCustomers", "--max-customers"],
  ["override.reason", "--override"],
  ["strategy", "--strategy"],
  ["strategy.waves[1].percent", "--strategy, waves[1].percent"],
  ["notAfter", "--not-after"],
  ["requestedBy", "--by"],
  ["release", "RELEASE"],
  ["customerIds[3]", "--customer-id"],
  ["wave", "--wave"],
];

test.each(PATHS)("the problem at %s names what was typed: %s", (path, flag) => {
  expect(toFlag(path)).toBe(flag);
});
