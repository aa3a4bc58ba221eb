import { countOutcomes, type OutcomeKind } from "../../../../lambda/core/flip/outcome.ts";
import type { Reason } from "../../../../lambda/core/reasons.ts";
import type { Report } from "../../../../lambda/core/report/report.ts";
import { type CustomerState, judge, type Tally, type Violation } from "../../../../local/start/oracle.ts";
import { renderCheck } from "../../../../local/start/render-check.ts";
import { describe, expect, test } from "../../../support/jest.ts";

interface Case {
  readonly before?: boolean;
  readonly after: boolean;
  readonly writes: number;
  readonly outcomes?: readonly OutcomeKind[];
  readonly reason?: Reason;
  readonly accountId?: string;
  /** The outcomes of the rollback; empty when the rollback did not reach the customer. */
  readonly restores?: readonly OutcomeKind[];
  readonly planned?: boolean;
}

const IN_DOUBT: Reason = { code: "may-be-flipped", why: { code: "unanswered" } };

/** A promote, which wants the flag false, of one customer. */
function judgeCase(given: Case, changes: Partial<Report> = {}) {
  const { before = true, after, writes, outcomes = [], reason = { code: "unanswered" }, restores } = given;
  const { accountId = "ours", planned } = given;
  const recorded = outcomes.map((outcome) => ({ outcome, reason }));
  const counts = countOutcomes(recorded);
  const report: Report = {
    ...{ rolloutId: "promote-1", action: "promote", release: "2026.11", dryRun: false, counts },
    ...{ exceptions: [], moreExceptions: 0, startedAt: "2026-11-23T02:00:00Z", durationMs: 1 },
    ...{ status: "succeeded", ...(restores && { status: "rolled-back", rollback: countRestores(restores, outcomes) }) },
    ...changes,
  };
  const claims = {
    report,
    before: new Map([["c1", before]]),
    outcomes: new Map(recorded.length > 0 ? [["c1", recorded]] : []),
    accountIds: ["ours"],
    ...(restores && { restores: new Map([["c1", restores.map((outcome) => ({ outcome, reason }))]]) }),
    ...(planned !== undefined && { planned: new Set(planned ? ["c1"] : []) }),
  };
  return judge(claims, [{ id: "c1", accountId, isStaging: after, writes } satisfies CustomerState]);
}

/** A flipped customer that the rollback did not reach counts as not restored. */
function countRestores(restores: readonly OutcomeKind[], [outcome]: readonly OutcomeKind[]) {
  const { flipped, skipped, failed } = countOutcomes(restores.map((outcome) => ({ outcome })));
  return {
    restored: flipped,
    conflicting: skipped,
    failed: restores.length === 0 && outcome === "flipped" ? 1 : failed,
  };
}

/** A flipped customer of a rollout that was rolled back. */
const rolledBack = (after: boolean, restores: readonly OutcomeKind[], given: Partial<Case> = {}): Case => ({
  ...{ after, writes: after ? 2 : 1, outcomes: ["flipped"], restores },
  ...given,
});

/** A customer that is on staging at the end or not, with so many writes. */
const left = (after: boolean, writes: number, outcome?: OutcomeKind, given: Partial<Case> = {}): Case => ({
  ...{ after, writes, ...(outcome && { outcomes: [outcome] }) },
  ...given,
});

const FLIPPED = left(false, 1, "flipped");
const RIGHT = { before: false } as const;
const DOUBTFUL = { reason: IN_DOUBT };
const IN_DOUBT_RESTORED = rolledBack(true, ["flipped"], { outcomes: ["failed"], ...DOUBTFUL });
const GONE = { reason: { code: "customer-gone" } } as const;

describe("agrees when", () => {
  test.each<[string, Case, Partial<Tally>]>([
    ["a flipped customer was moved", FLIPPED, { flippedOnce: 1 }],
    ["its flag was set twice", { ...FLIPPED, writes: 2 }, { flippedAgain: 1 }],
    ["an unchanged customer was right", left(false, 0, "unchanged", RIGHT), { untouched: 1 }],
    ["a skipped customer is as before", left(true, 0, "skipped"), { untouched: 1 }],
    ["a failed customer did not move", left(true, 0, "failed"), { failed: 1 }],
    ["a failed one moved, as its reason says", left(false, 1, "failed", DOUBTFUL), { failed: 1, failedYetMoved: 1 }],
    ["a customer of another account is as before", { ...left(true, 0), accountId: "other" }, {}],
    ["a flipped customer is restored", rolledBack(true, ["flipped"]), { restored: 1 }],
    ["the rollback did not reach a customer", rolledBack(false, []), { stillFlipped: 1 }],
    ["a customer in doubt is restored", IN_DOUBT_RESTORED, { restored: 1 }],
    ["one in doubt that was never flipped has its flag written", { ...IN_DOUBT_RESTORED, writes: 1 }, { restored: 1 }],
    ["the rollback leaves out one that was skipped", { ...left(true, 0, "skipped"), restores: [] }, { untouched: 1 }],
  ])("%s", (_when, given, tally) => {
    const verdict = judgeCase(given);
    expect(verdict.violations).toEqual([]);
    expect(Object.fromEntries(Object.entries(verdict.tally).filter(([, count]) => count > 0))).toEqual(tally);
  });
});

/** The sentences of a flip say first what the report says of the customer. */
const of = (outcome: OutcomeKind, text: string) => `is reported as ${outcome}, but ${text}`;

describe("disagrees when", () => {
  test.each<[string, Case, Violation["code"], string]>([
    ["a flipped customer stayed", left(true, 1, "flipped"), "not-flipped", of("flipped", "is on staging")],
    [
      "one that had been right is flipped",
      left(false, 1, "flipped", RIGHT),
      "was-right-before",
      "on production before",
    ],
    ["a flipped one has no write", { ...FLIPPED, writes: 0 }, "never-written", of("flipped", "its flag was never set")],
    ["a skipped customer moved", left(false, 1, "skipped"), "moved", of("skipped", "was moved and is on production")],
    ["an unchanged one has a write", left(false, 1, "unchanged", RIGHT), "written", "but its flag was set (1 time)"],
    ["an unchanged customer is wrong", left(true, 0, "unchanged"), "not-unchanged", of("unchanged", "is on staging")],
    ["one outside of the plan moved", left(false, 1), "moved", "has no outcome, but was moved and is on production"],
    [
      "a customer has two outcomes",
      { ...FLIPPED, outcomes: ["flipped", "skipped"] },
      "several-outcomes",
      "has 2 outcomes",
    ],
    ["a failed one moved, and no reason says so", left(false, 1, "failed", GONE), "moved", of("failed", "was moved")],
    [
      "another outcome's reason says it moved",
      left(false, 1, "skipped", DOUBTFUL),
      "moved",
      of("skipped", "was moved"),
    ],
    ["it is of another account", { ...FLIPPED, accountId: "other" }, "other-account", "but belongs to another account"],
    ["a planned customer has no outcome", { ...left(true, 0), planned: true }, "no-outcome", "no outcome"],
    ["it is not in the plan", { ...FLIPPED, planned: false }, "not-planned", "but was touched and is not in the plan"],
    ["a restored customer is not back", rolledBack(false, ["flipped"]), "not-restored", "to be restored, but is on"],
    [
      "a restored one had been right",
      rolledBack(false, ["flipped"], RIGHT),
      "was-right-before",
      "on production before",
    ],
    [
      "one is restored twice",
      rolledBack(true, ["flipped", "flipped"]),
      "several-outcomes",
      "2 outcomes: flipped, flipped",
    ],
    [
      "a customer was restored that had been skipped",
      rolledBack(true, ["flipped"], { outcomes: ["skipped"] }),
      ...(["restored-without-flip", of("skipped", "the rollback took it for flipped")] as const),
    ],
  ])("%s", (_when, given, code, text) => {
    const verdict = judgeCase(given);
    expect(verdict.violations[0]).toMatchObject({ customerId: "c1", code });
    expect(renderCheck(verdict)).toEqual({
      agrees: false,
      text: expect.stringMatching(/^the emulator disagrees with the report in \d points?:\n {2}- customer c1 /),
    });
    expect(renderCheck(verdict).text).toContain(text);
  });

  test.each([
    ["restored is 2 in the report, but 1", rolledBack(true, ["flipped"]), [2, 0, 0]],
    ["not restored is 0 in the report, but 1", rolledBack(false, ["failed"]), [0, 0, 0]],
    ["not restored is 0 in the report, but 1", rolledBack(false, []), [0, 0, 0]],
  ] as const)("%s in the ledger", (text, given, [restored, conflicting, failed]) => {
    const verdict = judgeCase(given, { rollback: { restored, conflicting, failed } });
    expect(verdict.violations).toEqual([expect.objectContaining({ code: "wrong-count" })]);
    expect(renderCheck(verdict).text).toContain(text);
  });

  test.each(["succeeded", "halted", "aborted"] as const)("the counts of a rollout that %s are wrong", (status) => {
    expect(judgeCase(FLIPPED, { status }).violations).toEqual([]);
    const { violations } = judgeCase(FLIPPED, { status, counts: { ...countOutcomes([]), flipped: 2 } });
    expect(violations).toEqual([{ code: "wrong-count", count: "flipped", reported: 2, recorded: 1 }]);
  });
});

test("a rollout that was aborted before its first flip counts no customer", () => {
  const planned = left(false, 0, "unchanged", RIGHT);
  expect(judgeCase(planned, { status: "aborted", counts: countOutcomes([]) }).violations).toEqual([]);
});

describe("a retry does not say which flag it wants", () => {
  test.each<[string, Case, readonly string[]]>([
    ["a flipped customer is on the other side", left(true, 1, "flipped", RIGHT), []],
    ["a flipped customer is where it was", left(false, 1, "flipped", RIGHT), ["not-flipped"]],
    ["a customer that was right is untouched", left(true, 0, "unchanged"), []],
  ])("%s", (_when, given, codes) => {
    expect(judgeCase(given, { action: "retry" }).violations.map(({ code }) => code)).toEqual(codes);
  });
});

describe("is rendered with", () => {
  test("each customer's id, without untouched customers", () => {
    const report = { status: "refused", action: "promote", counts: countOutcomes([]) } as unknown as Report;
    const customers = ["c1", "c2", "c3"].map((id) => ({ ...{ id, accountId: "ours" }, isStaging: false, writes: 1 }));
    const before = new Map(customers.map(({ id }) => [id, true]));
    const claims = { report, before, outcomes: new Map(), accountIds: ["ours"] };
    const untouched = { id: "c2", accountId: "ours", isStaging: true, writes: 0 };
    expect(renderCheck(judge(claims, customers.with(1, untouched))).text.split("\n")).toEqual([
      "the emulator disagrees with the report in 2 points:",
      "  - customer c1 has no outcome, but was moved and is on production",
      "  - customer c3 has no outcome, but was moved and is on production",
    ]);
  });

  test.each<[Case, string]>([
    [FLIPPED, "1 flipped with one write each, 0 not touched"],
    [{ ...FLIPPED, writes: 2 }, "1 flipped with another write after an unclear reply, 0 not touched"],
    [left(true, 0, "failed"), "1 failed (none moved), 0 not touched"],
    [left(false, 1, "failed", DOUBTFUL), "1 failed (1 moved, as the report says may be), 0 not touched"],
    [rolledBack(true, ["flipped"]), "1 flipped and restored, 0 not touched"],
    [rolledBack(false, ["failed"]), "1 flipped and not restored, as the report says, 0 not touched"],
  ])("the counts of the customers: %j", (given, text) => {
    expect(renderCheck(judgeCase(given))).toEqual({
      agrees: true,
      text: `the emulator agrees with the report: ${text}`,
    });
  });
});
