import type { FlipEvent } from "../../../../../lambda/contract/deploy-event.ts";
import {
  addCounts,
  type Counts,
  countOutcomes,
  NO_COUNTS,
  type OutcomeKind,
  totalOf,
} from "../../../../../lambda/core/flip/outcome.ts";
import type { Plan } from "../../../../../lambda/core/plan/plan.ts";
import { explain } from "../../../../../lambda/core/reasons.ts";
import { type Closing, type Ended, type Exception, writeReport } from "../../../../../lambda/core/report/report.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { anAcceptedEvent } from "../a-customer.ts";

const INCOMPLETE = [{ code: "incomplete-lookup", seen: "pass 1 saw 3 customers" }] as const;
const TIMES = { startedAt: "2026-11-23T01:00:00.000Z", endedAt: "2026-11-23T01:00:05.000Z", durationMs: 5_000 };

const aPlan = (changes: Partial<Plan> = {}): Plan => ({
  ...{ hash: "0".repeat(64), flip: 10, unchanged: 0, skipped: 0, batches: 1, settledItems: 0, waves: [], ...changes },
});

const NO_ANSWER = explain({ code: "no-answer", operation: "flip", why: "ECONNRESET" });
const outcomes = (count: number, outcome: Exception["outcome"] = "failed"): readonly Exception[] =>
  Array.from({ length: count }, (_, index) => ({ customerId: `c-${index}`, name: "Acme", outcome, reason: NO_ANSWER }));

/** The end of a rollout that flipped its ten customers. */
const anEnd = (changes: Ended = {}): Ended => ({ plan: aPlan(), counts: { ...NO_COUNTS, flipped: 10 }, ...changes });

const report = (ended: Ended = {}, event: Partial<FlipEvent> = {}, closing: Partial<Closing> = {}) => {
  const { counts = NO_COUNTS, plan } = anEnd(ended);
  const settled = { ...NO_COUNTS, unchanged: plan?.unchanged ?? 0, skipped: plan?.skipped ?? 0 };
  const nothing = { counts: addCounts(counts, settled), skippedBy: [], failedBy: [], exceptions: [] };
  const beginning = { rolloutId: "r-1", event: anAcceptedEvent(event) };
  return writeReport(beginning, anEnd(ended), { ...TIMES, ...nothing, ...closing });
};

describe("the status", () => {
  const counts = (changes: Partial<Counts>) => ({ counts: { ...NO_COUNTS, ...changes } });
  const named = (skipped: number) => ({ customers: 5, skipped });
  const oneSkipped = counts({ flipped: 4, skipped: 1 });
  const NO_PROGRESS: Ended["problem"] = [{ code: "no-progress", parts: 3 }];
  const notFlipped = { plan: undefined, counts: undefined, problem: INCOMPLETE };

  test.each<[status: string, what: string, ending: Ended, event?: Partial<FlipEvent>]>([
    ["succeeded", "every customer was flipped", {}],
    ["succeeded", "no customer had to be flipped", { plan: aPlan({ flip: 0, unchanged: 9 }), counts: NO_COUNTS }],
    ["succeeded", "some were unchanged or skipped by a rule", counts({ flipped: 5, unchanged: 4, skipped: 1 })],
    ["succeeded", "each named customer was flipped or right", { plan: aPlan({ skipped: 3, named: named(0) }) }],
    ["partial", "a customer failed within the budget", counts({ flipped: 9, failed: 1 })],
    ["partial", "a named customer was skipped by the plan", { plan: aPlan({ skipped: 3, named: named(1) }) }],
    ["partial", "a named customer was skipped after the plan", { plan: aPlan({ named: named(0) }), ...oneSkipped }],
    ["partial", "the customers could not be listed at the end", { notListed: INCOMPLETE }],
    ["partial", "a customer was deferred", counts({ flipped: 9, deferred: 1 })],
    ["failed", "it was stopped", { ...counts({ flipped: 1, failed: 2, skipped: 7 }), problem: NO_PROGRESS }],
    ["failed", "it was stopped before the first outcome", { counts: NO_COUNTS, problem: NO_PROGRESS }],
    ["refused", "the lookup could not show that it is complete", notFlipped],
    ["refused", "it ended between plan and flip", { counts: undefined, problem: NO_PROGRESS }],
    ["planned", "it was a dry run", { counts: undefined }, { dryRun: true }],
    ["refused", "it was a dry run that could not be planned", notFlipped, { dryRun: true }],
  ])("is %s when %s", (status, _what, ending, event = {}) => {
    expect(report(ending, event).status).toBe(status);
  });
});

describe("the counts", () => {
  test("of a dry run are all zero: the plan has the numbers", () => {
    const plan = aPlan({ flip: 10, unchanged: 700, skipped: 20 });
    const skippedBy = [{ ...explain({ code: "excluded" }), customers: 20 }];
    const closing = { skippedBy, exceptions: outcomes(20, "skipped") };
    const planned = report({ plan, counts: undefined }, { dryRun: true }, closing);
    expect(planned).toMatchObject({ dryRun: true, counts: NO_COUNTS, plan, skippedBy, moreExceptions: 0 });
    expect(planned.exceptions).toHaveLength(20);
  });

  test("add up, kind by kind", () => {
    const kinds: readonly OutcomeKind[] = ["flipped", "unchanged", "deferred", "skipped", "failed", "failed"];
    const counts = countOutcomes(kinds.map((outcome) => ({ outcome })));
    expect(counts).toEqual({ flipped: 1, unchanged: 1, deferred: 1, skipped: 1, failed: 2 });
    expect(addCounts(counts, counts)).toEqual({ flipped: 2, unchanged: 2, deferred: 2, skipped: 2, failed: 4 });
    expect(totalOf(addCounts(counts, NO_COUNTS))).toBe(6);
  });
});

describe("the exceptions", () => {
  const failing = (failed: number, skipped = 0) => ({
    plan: aPlan({ flip: 1_000, skipped }),
    counts: { ...NO_COUNTS, flipped: 1_000 - failed, failed },
  });
  const refused = { plan: undefined, counts: undefined, problem: INCOMPLETE };
  const failedAndSkipped = [...outcomes(3), ...outcomes(5_000, "skipped")];

  test.each<[what: string, ending: Ended, all: readonly Exception[], shownAndMore: number[]]>([
    ["no failed customer", failing(0), [], [0, 0]],
    ["a hundred failed customers", failing(100), outcomes(100), [100, 0]],
    ["one failed customer more", failing(101), outcomes(101), [100, 1]],
    ["failed and skipped customers", failing(3, 5_000), failedAndSkipped, [100, 4_903]],
    ["deferred customers", { counts: { ...NO_COUNTS, deferred: 150 } }, outcomes(100, "deferred"), [100, 50]],
    ["a rollout that was refused before its plan", refused, [], [0, 0]],
  ])("of %s are bounded, and the others counted", (_what, ending, exceptions, shownAndMore) => {
    const ended = report(ending, {}, { exceptions });
    expect([ended.exceptions.length, ended.moreExceptions]).toEqual(shownAndMore);
  });

  test("of a dry run are the customers that the plan skips", () => {
    const ending = { plan: aPlan({ skipped: 250 }), counts: undefined };
    const ended = report(ending, { dryRun: true }, { exceptions: outcomes(100, "skipped") });
    expect([ended.exceptions.length, ended.moreExceptions]).toEqual([100, 150]);
  });
});

test("a report says which rollout, about what, who asked, why and how long", () => {
  expect(report({}, { requestedBy: "me", reason: "release night" })).toMatchObject({
    ...{ rolloutId: "r-1", action: "promote", release: "2026.11.0", dryRun: false },
    ...{ requestedBy: "me", reason: "release night", ...TIMES },
  });
});
