import * as fc from "fast-check";
import { parsePolicy } from "../../../../../lambda/config.ts";
import { acceptDeployEvent } from "../../../../../lambda/contract/accept-deploy-event.ts";
import { readCommand } from "../../../../../lambda/contract/command.ts";
import { NO_COUNTS } from "../../../../../lambda/core/flip/outcome.ts";
import { explain } from "../../../../../lambda/core/reasons.ts";
import { toAlertMessage } from "../../../../../lambda/core/report/alert-message.ts";
import { renderReport } from "../../../../../lambda/core/report/render-report.ts";
import type { Report } from "../../../../../lambda/core/report/report.ts";
import { END_STATUSES } from "../../../../../lambda/core/report/rollout-event.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

const IN_ALARM = { code: "alarm", alarm: "calls failing", state: "ALARM" } as const;
const HELD = { code: "release-held", release: "2026.11.0", by: "ann", since: "2026-11-23T12:00:00Z" } as const;
const NO_ANSWER = explain({ code: "no-answer", operation: "flip", why: "ECONNRESET" });

const aReport = (given: Partial<Report> = {}): Report => ({
  ...{ rolloutId: "promote-1a2b", action: "promote", release: "2026.11.0", status: "halted", dryRun: false },
  ...{ counts: { ...NO_COUNTS, flipped: 12 }, exceptions: [], moreExceptions: 0 },
  ...{ startedAt: "2026-11-23T02:00:00.000Z", durationMs: 192_000, ...given },
});
const rollback = (restored: number, failed = 0, conflicting = 0) => ({ restored, failed, conflicting });
const flipped = (number: number, failed = 0) => ({ ...NO_COUNTS, flipped: number, failed });

/** What stands in a line of its own, and is whole JSON. */
const commandsOf = (text = ""): readonly unknown[] =>
  text.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));

const customersOf = (rolloutId: string, outcome: string) => ({ command: "customers", rolloutId, outcome });
const ROLLBACK = { action: "rollback", rolloutId: "promote-1a2b" };
const RETRY = { action: "retry", rolloutId: "promote-1a2b" };
const CLEAR = { command: "clear-release", release: "2026.11.0", requestedBy: "YOU", reason: "WHY" };

describe("which end sends which alert", () => {
  const FAILED = { status: "failed", counts: flipped(4) } as const;
  const ASKED = { action: "rollback", status: "rolled-back", of: ["promote-0"] } as const;

  test.each<[string, Partial<Report>, string | undefined, readonly unknown[]]>([
    ["succeeded", { status: "succeeded" }, undefined, []],
    ["the plan of a dry run", { status: "planned", dryRun: true }, undefined, []],
    ["a dry run that was refused", { status: "refused", dryRun: true }, undefined, []],
    ["an event that was sent before", { status: "halted", joined: true }, undefined, []],
    ["still running", { status: "running" }, undefined, []],
    ["waiting for the lock", { status: "waiting" }, undefined, []],
    ["aborted before the first flip", { status: "aborted", counts: NO_COUNTS }, undefined, []],
    ["aborted with one flipped", { status: "aborted", counts: flipped(1) }, "critical", [ROLLBACK, RETRY]],
    ["halted with some flipped", { status: "halted" }, "critical", [ROLLBACK, RETRY]],
    ["failed with some flipped", { status: "failed" }, "critical", [ROLLBACK, RETRY]],
    ["failed with no customer flipped", { status: "failed", counts: flipped(0, 3) }, "warning", []],
    ["failed, every customer restored", { ...FAILED, rollback: rollback(4) }, "warning", []],
    // The release is held by now: a retry would be refused.
    ["failed, one of four customers not restored", { ...FAILED, rollback: rollback(3, 1) }, "critical", [ROLLBACK]],
    [
      "failed, every customer restored except a conflicting one",
      { ...FAILED, rollback: rollback(3, 0, 1) },
      "warning",
      [],
    ],
    [
      "failed in its rollback, before all customers were counted",
      { ...FAILED, rollback: rollback(1) },
      "critical",
      [ROLLBACK],
    ],
    ["rolled back", { status: "rolled-back", rollback: rollback(12) }, "warning", [CLEAR]],
    [
      "rolled back except conflicting customers",
      { status: "rolled-back", rollback: rollback(11, 0, 1) },
      "warning",
      [CLEAR],
    ],
    [
      "rolled back, one customer not restored",
      { status: "rolled-back", rollback: rollback(11, 1) },
      "critical",
      [customersOf("promote-1a2b", "not-restored"), ROLLBACK],
    ],
    [
      "partial",
      { status: "partial", counts: flipped(9, 1) },
      "warning",
      [customersOf("promote-1a2b", "failed"), RETRY],
    ],
    ["partial, for named customers", { status: "partial", counts: flipped(9), namedSkipped: 1 }, "warning", []],
    ["refused", { status: "refused", counts: NO_COUNTS }, "warning", []],
    ["a rollback that a person asked for", { ...ASKED, rollback: rollback(2) }, "info", [CLEAR]],
    [
      "a rollback that a person asked for, with customers not restored",
      { ...ASKED, rollback: rollback(0, 2) },
      "critical",
      [customersOf("promote-0", "not-restored"), { action: "rollback", rolloutId: "promote-0" }],
    ],
    [
      "a rollback of a release and its retries that failed",
      { ...ASKED, status: "failed", counts: NO_COUNTS, of: ["retry-1", "promote-0"] },
      "critical",
      [{ action: "rollback", release: "2026.11.0" }],
    ],
  ])("%s", (_what, given, severity, commands) => {
    const message = toAlertMessage(aReport(given));
    expect(message?.severity).toBe(severity);
    expect(commandsOf(message?.text)).toEqual(commands);
  });

  test("every status has a severity, with and without customers that stay flipped", () => {
    const reports = END_STATUSES.flatMap((status) => [NO_COUNTS, flipped(3, 2)].map((counts) => ({ status, counts })));
    for (const report of reports)
      expect([undefined, "info", "warning", "critical"]).toContain(toAlertMessage(aReport(report))?.severity);
  });
});

test("the message is the plain report, with a subject for a phone", () => {
  const exceptions = [
    { customerId: "c-1", name: "Harbor Dental", outcome: "not-restored", reason: NO_ANSWER },
  ] as const;
  const report = aReport({
    status: "rolled-back",
    counts: flipped(1_200, 2),
    rollback: rollback(1_199, 1),
    exceptions,
  });
  expect(toAlertMessage(report)).toEqual({
    severity: "critical",
    subject: "Cutover critical: promote 2026.11.0: rolled back, 1 customer not restored",
    text: renderReport(report, "plain"),
  });
});

test("the front door accepts the events and commands that the message advises to send", () => {
  const policy = { baseUrl: "https://evovoice.io", accountIds: ["acme"] };
  const { text = "" } = toAlertMessage(aReport()) ?? {};
  const events = commandsOf(text);
  expect(events).toHaveLength(2);
  for (const event of events) expect(acceptDeployEvent(event, parsePolicy(policy))).toMatchObject(event as object);
  const [clear] = commandsOf(toAlertMessage(aReport({ status: "rolled-back" }))?.text);
  expect(readCommand(clear)).toMatchObject(CLEAR);
});

test("counts failed and deferred customers of a partial rollout in the subject", () => {
  const message = toAlertMessage(aReport({ status: "partial", counts: { ...flipped(9, 3), deferred: 4 } }));
  expect(message?.subject).toBe("Cutover warning: promote 2026.11.0: partial, 7 customers not flipped");
});

test("a refusal because of an alarm says how the release that fixes it overrides the alarm", () => {
  const inAlarm = toAlertMessage(aReport({ status: "refused", problems: [explain(IN_ALARM)] }));
  expect(inAlarm?.text).toContain('"override":{"reason":"WHY"}');
  const held = toAlertMessage(aReport({ status: "refused", problems: [explain({ ...HELD, why: "it is in ALARM" })] }));
  expect(held?.text).not.toContain("override");
});

describe("texts from outside", () => {
  test("cannot forge a line, a command or a screen", () => {
    const evil = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 300 }),
      fc.constant('x\n{"action":"stage","release":"evil","targets":{"all":true}}\nrollout   other'),
      fc.constant("\u001b[2J\u202egnp.exe\u2028{}\r{}"),
    );
    void fc.assert(
      fc.property(evil, evil, evil, evil, (problem, name, reason, release) => {
        const problems = [explain({ code: "bad-secret", problem })];
        const given = { problems, reason, requestedBy: name, release };
        const exceptions = [{ customerId: reason, name, outcome: "failed", reason: problems[0]! } as const];
        const message = toAlertMessage(aReport({ ...given, exceptions }));
        expect(message?.subject).toMatch(/^[\x20-\x7e]{1,100}$/);
        expect(message?.text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(commandsOf(message?.text)).toEqual([ROLLBACK, RETRY]);
        expect(message?.text.split("\n").filter((line) => line.startsWith("rollout "))).toHaveLength(1);
      }),
    );
  });

  test("are cut: a problem of a thousand lines, and a long release in the subject", () => {
    const problem = Array.from({ length: 1_000 }, (_, index) => `${index} ${"x".repeat(2_000)}`).join("\n");
    const problems = [explain({ code: "bad-secret", problem })];
    const message = toAlertMessage(aReport({ problems, release: "r".repeat(128) }));
    expect(message?.text.length).toBeLessThan(10_000);
    expect(message?.text).toContain("and 988 more lines in the report");
    expect(message?.subject).toBe(`Cutover critical: promote ${"r".repeat(37)}...: halted, 12 customers stay fli...`);
  });
});
