import { resolve } from "node:path";
import { toFlag } from "../../../cli/to-flag.ts";
import { createAdviceWriter, findProgram } from "../../../cli/write-advice.ts";
import type { Advice } from "../../../lambda/contract/advice.ts";
import { writeAsJson } from "../../../lambda/contract/advice.ts";
import { expect, test } from "../../support/jest.ts";

const TYPED = { program: ["cutover"], words: ["list"], deployment: ["--stack", "prod"] };
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
  [{ command: "customers", rolloutId: "night", outcome: "not-restored" }, "customers night --outcome not-restored"],
  [{ action: "rollback", rolloutId: "night" }, "rollback night"],
  [{ action: "rollback", release: "1.0" }, "rollback --release 1.0"],
];

test.each(SENT)("%j is one command line, and the same JSON for other readers", (send, line) => {
  const advice = { say: "To do it:", send };
  expect(createAdviceWriter(TYPED)(advice)).toBe(`cutover ${line} --stack prod`);
  expect(JSON.parse(writeAsJson(advice) ?? "")).toEqual(send);
});

const PLAN = { dryRun: false, id: undefined, plan: "0f3c9a1b2d4e" };
const OVERRIDE = { override: { reason: "WHY" } };
const AS_PLAN = { dryRun: true, plan: undefined };
const WAIT = { onFreeze: "wait", notAfter: "TIME" };
const ADDED: readonly (readonly [string, NonNullable<Advice["add"]>, string])[] = [
  ["plan promote 1.0 --all --csv", PLAN, "cutover promote 1.0 --all --plan 0f3c9a1b2d4e --stack prod"],
  ["plan rollback night --csv", { dryRun: false }, "cutover rollback night --stack prod"],
  ["plan promote 1.0 --all", OVERRIDE, "cutover promote 1.0 --all --override WHY --stack prod"],
  ["plan promote 1.0", WAIT, "cutover promote 1.0 --on-freeze wait --not-after TIME --stack prod"],
  ["plan --event night.json", PLAN, "cutover ACTION --event night.json --plan 0f3c9a1b2d4e --stack prod"],
  ["promote 1.0 --plan 0f3c9a --all", AS_PLAN, "cutover plan promote 1.0 --all --stack prod"],
  ["retry night --plan=0f3c9a", AS_PLAN, "cutover plan retry night --stack prod"],
  ["status night", AS_PLAN, "plan with the same words"],
  ["status plan", PLAN, "the same command with --plan 0f3c9a1b2d4e"],
  ["promote 1.0 --tag plan", WAIT, "cutover promote 1.0 --tag plan --on-freeze wait --not-after TIME --stack prod"],
  ["stage 1.0 --all --yes", OVERRIDE, "cutover stage 1.0 --all --override WHY --stack prod"],
];

test.each(ADDED)("an event of `%s` is sent again as the line that was typed", (line, add, written) => {
  expect(createAdviceWriter({ ...TYPED, words: line.split(" ") })({ say: "To do it:", add })).toBe(written);
});

const PROGRAMS: readonly (readonly [string, string, string])[] = [
  ["by npm", "exec", "npx cutover"],
  ["as an installed program", "", "cutover"],
  ["as a file", "", "node ci/cutover.mjs"],
];

test.each(PROGRAMS)("a line to paste begins with the program as it was started: %s", (_title, npm_command, program) => {
  const file = program === "cutover" ? "/usr/local/bin/cutover" : resolve("ci/cutover.mjs");
  expect(findProgram({ argv: ["node", file], env: { npm_command } }).join(" ")).toBe(program);
});

test("a reader of JSON gets the members to add, and nothing where there is only a sentence", () => {
  expect(writeAsJson({ say: "", add: PLAN })).toBe('the same event with "dryRun":false,"plan":"0f3c9a1b2d4e"');
  expect(writeAsJson({ say: "" })).toBeUndefined();
  expect(createAdviceWriter(TYPED)({ say: "" })).toBeUndefined();
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
