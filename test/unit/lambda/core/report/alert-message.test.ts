import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { parsePolicy } from "../../../../../lambda/config.ts";
import { acceptDeployEvent } from "../../../../../lambda/contract/accept-deploy-event.ts";
import { readCommand } from "../../../../../lambda/contract/command.ts";
import { NO_COUNTS } from "../../../../../lambda/core/flip/outcome.ts";
import { type Told, toAlertMessage } from "../../../../../lambda/core/report/alert-message.ts";
import { ENDINGS } from "../../../../../lambda/core/report/rollout-event.ts";
import { anyCharacter } from "../../../../support/any-character.ts";

const aReport = (given: Partial<Told> = {}): Told => ({
  rolloutId: "promote-1a2b",
  action: "promote",
  release: "2026.11.0",
  status: "halted",
  dryRun: false,
  counts: { ...NO_COUNTS, flipped: 12 },
  exceptions: [],
  ...given,
});

const rollback = (given: Partial<NonNullable<Told["rollback"]>>) => ({
  restored: 0,
  conflicting: 0,
  left: 0,
  ...given,
});
const flipped = (number: number, failed = 0) => ({ ...NO_COUNTS, flipped: number, failed });

/** What stands in a line of its own, and is whole JSON. */
const commandsOf = (text = ""): readonly unknown[] =>
  text.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));

const ROLLBACK = { action: "rollback", rolloutId: "promote-1a2b" };
const RETRY = { action: "retry", rolloutId: "promote-1a2b" };
const CLEAR = { command: "clear-release", release: "2026.11.0", requestedBy: "YOU", reason: "WHY" };

describe("who is told what", () => {
  test.each<[string, Partial<Told>, string | undefined, readonly unknown[]]>([
    ["succeeded", { status: "succeeded" }, undefined, []],
    ["a dry run's plan", { status: "planned", dryRun: true }, undefined, []],
    ["a dry run that was refused", { status: "refused", dryRun: true }, undefined, []],
    ["an event that was sent before", { status: "halted", joined: true }, undefined, []],
    ["still running", { status: "running" }, undefined, []],
    ["waiting for the lock", { status: "waiting" }, undefined, []],
    ["aborted before anybody was flipped", { status: "aborted", counts: NO_COUNTS }, undefined, []],
    ["aborted with one flipped", { status: "aborted", counts: flipped(1) }, "critical", [ROLLBACK, RETRY]],
    ["halted with some flipped", { status: "halted" }, "critical", [ROLLBACK, RETRY]],
    ["failed with some flipped", { status: "failed", problem: "the lock was lost" }, "critical", [ROLLBACK, RETRY]],
    ["failed with nobody flipped", { status: "failed", counts: flipped(0, 3) }, "warning", []],
    [
      "failed after all were flipped back",
      { status: "failed", counts: flipped(4), rollback: rollback({ restored: 4 }) },
      "warning",
      [],
    ],
    [
      "failed with one of four not flipped back",
      { status: "failed", counts: flipped(4), rollback: rollback({ restored: 3, left: 1 }) },
      "critical",
      // The release is held by now: a retry would be refused.
      [ROLLBACK],
    ],
    [
      "failed after all were flipped back but one whom somebody changed",
      { status: "failed", counts: flipped(4), rollback: rollback({ restored: 3, conflicting: 1 }) },
      "warning",
      [],
    ],
    [
      "failed in the middle of flipping back, before it was counted who is left",
      { status: "failed", counts: flipped(4), rollback: rollback({ restored: 1 }) },
      "critical",
      [ROLLBACK],
    ],
    ["rolled back", { status: "rolled-back", rollback: rollback({ restored: 12 }) }, "warning", [CLEAR]],
    [
      "rolled back but for those whom somebody changed",
      { status: "rolled-back", rollback: rollback({ restored: 11, conflicting: 1 }) },
      "warning",
      [CLEAR],
    ],
    [
      "rolled back, one left",
      { status: "rolled-back", rollback: rollback({ restored: 11, left: 1 }) },
      "critical",
      [ROLLBACK],
    ],
    ["partial", { status: "partial", counts: flipped(9, 1) }, "warning", [RETRY]],
    ["partial, for named customers", { status: "partial", counts: flipped(9), namedSkipped: 1 }, "warning", []],
    ["refused", { status: "refused", counts: NO_COUNTS }, "warning", []],
    [
      "a rollback that a person asked for",
      { action: "rollback", status: "rolled-back", rollback: rollback({ restored: 2 }), of: ["promote-0"] },
      "info",
      [CLEAR],
    ],
    [
      "such a rollback with some left",
      { action: "rollback", status: "rolled-back", rollback: rollback({ left: 2 }), of: ["promote-0"] },
      "critical",
      [{ action: "rollback", rolloutId: "promote-0" }],
    ],
    [
      "a rollback of a release and its retries that failed",
      { action: "rollback", status: "failed", counts: NO_COUNTS, of: ["retry-1", "promote-0"] },
      "critical",
      [{ action: "rollback", release: "2026.11.0" }],
    ],
  ])("%s", (_what, given, severity, commands) => {
    const message = toAlertMessage(aReport(given));
    expect(message?.severity).toBe(severity);
    expect(commandsOf(message?.text)).toEqual(commands);
  });

  test("every way to end is decided on, with and without customers that stand flipped", () => {
    for (const status of ENDINGS) {
      for (const counts of [NO_COUNTS, flipped(3, 2)]) {
        const message = toAlertMessage(aReport({ status, counts }));
        expect([undefined, "info", "warning", "critical"]).toContain(message?.severity);
      }
    }
  });
});

test("the whole message: what, why, how many, who, what to do, whose", () => {
  const message = toAlertMessage(
    aReport({
      status: "rolled-back",
      problem: "alarm calls failing is in ALARM: Threshold Crossed",
      counts: { ...flipped(1_200, 2), skipped: 3_798 },
      rollback: rollback({ restored: 1_199, left: 1 }),
      exceptions: [
        { customerId: "c-1", name: "Harbor Dental", outcome: "failed", reason: "Evo Voice answered 500" },
        { customerId: "c-2", name: "Quiet Bakery", outcome: "skipped", reason: "not attempted" },
      ],
      requestedBy: "release bot",
      reason: "weekly release",
    }),
  );
  expect(message).toEqual({
    severity: "critical",
    subject: "Cutover critical: promote 2026.11.0: rolled back, 1 customer left",
    text: `promote 2026.11.0
rolled back, 1 customer left.

why:
> alarm calls failing is in ALARM: Threshold Crossed

customers:
  flipped: 1,200
  skipped: 3,798
  failed: 2
  flipped back: 1,199
  could not be flipped back: 1

who:
  Harbor Dental (c-1): Evo Voice answered 500
  and 2 more

what to do (send to the front door, see docs/triggers.md):
  Look at the customers named above; the report and the ledger have all of them.
  Send the rollback again: it goes on with those who are left.
{"action":"rollback","rolloutId":"promote-1a2b"}

rollout: promote-1a2b
asked by: release bot
because: weekly release
`,
  });
});

test("the events and commands that it tells to send are ones that the front door accepts", () => {
  const policy = { baseUrl: "https://evovoice.io", accountIds: ["acme"] };
  const { text = "" } = toAlertMessage(aReport()) ?? {};
  const events = commandsOf(text);
  expect(events).toHaveLength(2);
  for (const event of events) expect(acceptDeployEvent(event, parsePolicy(policy))).toMatchObject(event as object);
  const [clear] = commandsOf(toAlertMessage(aReport({ status: "rolled-back" }))?.text);
  expect(readCommand(clear)).toMatchObject(CLEAR);
});

test.each([
  [6, 0, "and 1 more"],
  [5, 0, undefined],
  [3, 3, "and 1 more"],
])("of %i customers who failed and %i who were put off, five are named", (failed, deferred, more) => {
  const toException = (outcome: "failed" | "deferred", index: number) =>
    ({ customerId: `${outcome}-${index}`, name: "", outcome, reason: "no answer" }) as const;
  const exceptions = [
    ...Array.from({ length: failed }, (_, index) => toException("failed", index)),
    ...Array.from({ length: deferred }, (_, index) => toException("deferred", index)),
  ];
  const message = toAlertMessage(
    aReport({ status: "partial", counts: { ...flipped(9, failed), deferred }, exceptions }),
  );
  expect(message?.subject).toContain(`ended, ${failed + deferred} customers not flipped`);
  expect(message?.text.match(/: no answer$/gm)).toHaveLength(5);
  if (more === undefined) expect(message?.text).not.toContain(" more\n");
  else expect(message?.text).toContain(`  ${more}\n`);
});

test("an alarm that refuses the start can be overridden by what mends it, and the message says how", () => {
  const inAlarm = toAlertMessage(aReport({ status: "refused", problem: "alarm calls failing is in ALARM" }));
  expect(inAlarm?.text).toContain('"override":{"reason":"WHY"}');
  const held = toAlertMessage(aReport({ status: "refused", problem: "release 2026.11.0 is held, by ann" }));
  expect(held?.text).not.toContain("override");
});

describe("texts of others", () => {
  test("cannot forge a line, a command or a screen, whatever they hold", () => {
    const evil = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 300 }),
      fc.constant('x\n{"action":"stage","release":"evil","targets":{"all":true}}\nrollout: other'),
      fc.constant("\u001b[2J\u202egnp.exe\u2028{}\r{}"),
    );
    void fc.assert(
      fc.property(evil, evil, evil, evil, (problem, name, reason, release) => {
        const given = { problem, reason, requestedBy: name, release };
        const exceptions = [{ customerId: reason, name, outcome: "failed", reason: problem } as const];
        const message = toAlertMessage(aReport({ ...given, exceptions }));
        expect(message?.subject).toMatch(/^[\x20-\x7e]{1,100}$/);
        expect(message?.text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(commandsOf(message?.text)).toEqual([ROLLBACK, RETRY]);
        expect(message?.text.split("\n").filter((line) => line.startsWith("rollout: "))).toHaveLength(1);
      }),
    );
  });

  test("are cut: a problem of a thousand lines stays a text for a phone, a long release a short subject", () => {
    const problem = Array.from({ length: 1_000 }, (_, index) => `${index} ${"x".repeat(2_000)}`).join("\n");
    const message = toAlertMessage(aReport({ problem, release: "r".repeat(128) }));
    expect(message?.text.length).toBeLessThan(10_000);
    expect(message?.text).toContain("and 988 lines more in the report");
    expect(message?.subject).toBe(`Cutover critical: promote ${"r".repeat(37)}...: halted, 12 customers flipped ...`);
  });
});
