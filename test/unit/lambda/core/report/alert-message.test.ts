import * as fc from "fast-check";
import { parsePolicy } from "../../../../../lambda/config.ts";
import { acceptDeployEvent } from "../../../../../lambda/contract/accept-deploy-event.ts";
import { readCommand } from "../../../../../lambda/contract/command.ts";
import { NO_COUNTS } from "../../../../../lambda/core/flip/outcome.ts";
import { explain, type Reason } from "../../../../../lambda/core/reasons.ts";
import { toAlertMessage } from "../../../../../lambda/core/report/alert-message.ts";
import { renderReport } from "../../../../../lambda/core/report/render-report.ts";
import type { Report } from "../../../../../lambda/core/report/report.ts";
import { END_STATUSES } from "../../../../../lambda/core/report/rollout-event.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aReport } from "../a-report.ts";

const IN_ALARM = { code: "alarm", alarm: "calls failing", state: "ALARM" } as const;
const HELD = { code: "release-held", release: "2026.11.0", by: "ann", since: "2026-11-23T12:00:00Z" } as const;
const NO_ANSWER = explain({ code: "no-answer", operation: "flip", why: "ECONNRESET" });

const rollback = (restored: number, failed = 0, conflicting = 0) => ({ restored, failed, conflicting });
const flipped = (number: number, failed = 0) => ({ ...NO_COUNTS, flipped: number, failed });

/** What stands in a line of its own, and is whole JSON. */
const commandsOf = (text = ""): readonly unknown[] =>
  text.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));

const listOf = (rolloutId: string, outcome = "not-restored") => ({ command: "customers", rolloutId, outcome });
const ROLLBACK = { action: "rollback", rolloutId: "promote-1a2b" };
const AGAIN = { action: "rollback", rolloutId: "promote-0" };
const RETRY = { action: "retry", rolloutId: "promote-1a2b" };
const CLEAR = { command: "clear-release", release: "2026.11.0", requestedBy: "YOU", reason: "WHY" };

describe("which end sends which alert", () => {
  const FAILED = { status: "failed", counts: flipped(4) } as const;
  const ROLLED_BACK = { status: "rolled-back" } as const;
  const ASKED = { ...ROLLED_BACK, action: "rollback", of: ["promote-0"] } as const;
  const OF_RELEASE = { ...ASKED, status: "failed", counts: NO_COUNTS, of: ["retry-1", "promote-0"] } as const;

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
    ["failed, all restored but a conflicting one", { ...FAILED, rollback: rollback(3, 0, 1) }, "warning", []],
    ["failed before all restores were counted", { ...FAILED, rollback: rollback(1) }, "critical", [ROLLBACK]],
    ["rolled back", { ...ROLLED_BACK, rollback: rollback(12) }, "warning", [CLEAR]],
    ["rolled back but a conflicting one", { ...ROLLED_BACK, rollback: rollback(11, 0, 1) }, "warning", [CLEAR]],
    [
      "rolled back but one",
      { ...ROLLED_BACK, rollback: rollback(11, 1) },
      "critical",
      [listOf("promote-1a2b"), ROLLBACK],
    ],
    ["partial", { status: "partial", counts: flipped(9, 1) }, "warning", [listOf("promote-1a2b", "failed"), RETRY]],
    ["partial, for named customers", { status: "partial", counts: flipped(9), namedSkipped: 1 }, "warning", []],
    ["refused", { status: "refused", counts: NO_COUNTS }, "warning", []],
    ["a rollback that a person asked for", { ...ASKED, rollback: rollback(2) }, "info", [CLEAR]],
    [
      "such a rollback that restored none",
      { ...ASKED, rollback: rollback(0, 2) },
      "critical",
      [listOf("promote-0"), AGAIN],
    ],
    [
      "such a rollback of a release that failed",
      OF_RELEASE,
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
  const left = { customerId: "c-1", name: "Harbor Dental", outcome: "not-restored", reason: NO_ANSWER } as const;
  const counts = { counts: flipped(1_200, 2), rollback: rollback(1_199, 1) };
  const report = aReport({ status: "rolled-back", ...counts, exceptions: [left] });
  expect(toAlertMessage(report)).toEqual({
    severity: "critical",
    subject: "Cutover critical: promote 2026.11.0: rolled back, 1 customer not restored",
    text: renderReport(report, "plain"),
  });
});

test("the front door accepts the events and commands that the message advises to send", () => {
  const policy = { baseUrl: "https://evovoice.io", accountIds: ["acme"] };
  const { text = "" } = toAlertMessage(aReport({ status: "halted" })) ?? {};
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
  const refusedFor = (reason: Reason) =>
    toAlertMessage(aReport({ status: "refused", problems: [explain(reason)] }))?.text;
  expect(refusedFor(IN_ALARM)).toContain('"override":{"reason":"WHY"}');
  expect(refusedFor({ ...HELD, why: "it is in ALARM" })).not.toContain("override");
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
        const given = { status: "halted", problems, reason, requestedBy: name, release } as const;
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
    const message = toAlertMessage(aReport({ status: "halted", problems, release: "r".repeat(128) }));
    expect(message?.text.length).toBeLessThan(10_000);
    expect(message?.text).toContain("and 988 more lines in the report");
    expect(message?.subject).toBe(`Cutover critical: promote ${"r".repeat(37)}...: halted, 12 customers stay fli...`);
  });
});
