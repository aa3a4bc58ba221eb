import fc from "fast-check";
import { readCommand } from "../../../../lambda/contract/command.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { problemsOf } from "./problems-of.ts";

const night = { rolloutId: "night" };
const ann = { requestedBy: "ann", reason: "calls drop" };

const EXECUTION_OF_NOON = "arn:aws:lambda:us-east-1:0:function:cutover:1/durable-execution/noon/1";
const NAMES =
  "expected one of status, list, customers, customer, pause, resume, skip-bake, skip-all-bakes, abort, approve, reject, stop-everything, resume-everything, hold-release, clear-release, protect, unprotect, freeze, lift-freeze, try-login-again, controls";

describe("a command is accepted", () => {
  test.each<readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    [{ command: "status", ...night }, {}],
    [{ command: "status", ...night, format: "markdown" }, {}],
    [{ command: "pause", ...night, ...ann }, { minutes: 60 }],
    [{ command: "pause", ...night, ...ann, minutes: 1_440, id: "lunch" }, {}],
    [{ command: "resume", ...night, ...ann }, {}],
    [{ command: "skip-bake", ...night, ...ann }, {}],
    [{ command: "skip-all-bakes", ...night, ...ann }, {}],
    [{ command: "abort", ...night, ...ann }, { rollback: true }],
    [{ command: "abort", ...night, ...ann, rollback: false }, {}],
    [{ command: "approve", ...night, ...ann, plan: "9bed".repeat(3) }, {}],
    [{ command: "reject", ...night, ...ann, plan: "9bed".repeat(16), wave: 2 }, {}],
    [{ command: "stop-everything", ...ann, id: "x".repeat(64) }, {}],
    [{ command: "try-login-again", ...ann }, {}],
    [{ command: "hold-release", ...ann, release: "2026.11.0" }, {}],
    [{ command: "clear-release", ...ann, release: "2026.11.0" }, {}],
    [{ command: "protect", ...ann, customerIds: ["b", "a", "b"] }, { customerIds: ["b", "a"] }],
    [{ command: "unprotect", ...ann, customerIds: ["a"] }, {}],
    [{ command: "freeze", ...ann, name: "fair", until: "2026-11-30T02:00:00Z" }, {}],
    [{ command: "lift-freeze", ...ann, name: "fair" }, {}],
    [{ command: "controls" }, {}],
  ])("%j", (input, defaults) => {
    expect(readCommand(input)).toEqual({ ...input, ...defaults });
  });
});

describe("a command is refused", () => {
  const TEXT = "got nothing; expected a text";
  const ROLLOUT = "rolloutId: got nothing; expected the rollout's id, as the answer to its deploy event gave it";
  const HASH = "expected a plan's hash, or its first 12 or more characters: digits and letters from a to f";

  test.each<readonly [string, Readonly<Record<string, unknown>>, readonly unknown[]]>([
    [
      "without its rollout, sender and reason",
      { command: "pause" },
      [ROLLOUT, `requestedBy: ${TEXT}`, `reason: ${TEXT}`],
    ],
    [
      "to pause for more than a day",
      { command: "pause", ...night, ...ann, minutes: 1_440.1 },
      ["minutes: got 1440.1; expected minutes, from 0.1 to 1440"],
    ],
    ["to approve without the plan's hash", { command: "approve", ...night, ...ann }, [`plan: got nothing; ${HASH}`]],
    [
      "to reject by too short a hash, and without a reason",
      { command: "reject", ...night, requestedBy: "ann", plan: "9bed" },
      [`plan: got "9bed"; ${HASH}`, `reason: ${TEXT}`],
    ],
    [
      "with a rollout, though it is for all of them",
      { command: "stop-everything", ...night, ...ann },
      [expect.stringMatching(/^rolloutId: got an unknown member/)],
    ],
    [
      "to protect what is no id",
      { command: "unprotect", ...ann, customerIds: ["a b"] },
      [expect.stringMatching(/^customerIds\[0\]: got "a b"; expected a customer id/)],
    ],
    [
      "to freeze without an end",
      { command: "freeze", ...ann, name: "fair" },
      [expect.stringMatching(/^until: got nothing; expected a time with seconds and a time zone/)],
    ],
    [
      "with an id that is none",
      { command: "skip-bake", ...night, ...ann, id: "a b" },
      ['id: got "a b"; expected 1 to 64 letters, digits, _ and -'],
    ],
    [
      "with the execution of another rollout",
      { command: "status", ...night, execution: EXECUTION_OF_NOON },
      [`execution: got "${EXECUTION_OF_NOON}"; expected an execution of the same rollout, with its rolloutId`],
    ],
    ["without a name", { command: "" }, [`command: got ""; ${NAMES}`]],
    ["with a name like none", { command: "terminate", ...night }, [`command: got "terminate"; ${NAMES}`]],
    [
      "with a typing error in its name and what else is wrong with the one that was meant",
      { command: "stop_everythin", reasons: "calls drop", requestedBy: "ann" },
      [
        `command: got "stop_everythin"; ${NAMES}; did you mean stop-everything?`,
        `reason: ${TEXT}`,
        "reasons: got an unknown member; expected only the members command, requestedBy, reason, id; did you mean reason?",
      ],
    ],
  ])("%s", (_how, input, problems) => {
    expect(problemsOf(() => readCommand(input))).toEqual(problems);
  });

  test.each([null, undefined, 7, "abort", ["abort"]])("in place of which stands %j", (input) => {
    expect(problemsOf(() => readCommand(input))).toHaveLength(1);
  });

  test("or accepted, whatever it is", () => {
    const command = fc.constantFrom("status", "pause", "abort", "protect", "controls", "resume", "hold-release", "x");
    const member = fc.constantFrom("rolloutId", "minutes", "rollback", "customerIds", "reason", "__proto__", "release");
    fc.assert(
      fc.property(command, member, fc.jsonValue(), (name, key, value) => {
        const input = { command: name, ...night, ...ann, [key]: value };
        for (const problem of problemsOf(() => readCommand(input))) expect(problem).toMatch(/: got .*; expected/);
      }),
    );
  });
});
