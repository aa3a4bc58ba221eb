import type { FlipEvent } from "../../../../../lambda/contract/deploy-event.ts";
import {
  addCounts,
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
  hash: "0".repeat(64),
  flip: 10,
  unchanged: 0,
  skipped: 0,
  batches: 1,
  settledItems: 0,
  waves: [],
  ...changes,
});

const outcomes = (count: number, outcome: Exception["outcome"] = "failed"): readonly Exception[] =>
  Array.from({ length: count }, (_, index) => ({
    customerId: `c-${index}`,
    name: "Acme",
    outcome,
    reason: explain({ code: "no-answer", operation: "flip", why: "ECONNRESET" }),
  }));

/** The end of a rollout that flipped its ten customers. */
const anEnd = (changes: Ended = {}): Ended => ({
  plan: aPlan(),
  counts: { ...NO_COUNTS, flipped: 10 },
  ...changes,
});

const report = (ended: Ended = {}, event: Partial<FlipEvent> = {}, closing: Partial<Closing> = {}) => {
  const { counts = NO_COUNTS, plan } = anEnd(ended);
  const settled = { ...NO_COUNTS, unchanged: plan?.unchanged ?? 0, skipped: plan?.skipped ?? 0 };
  const nothing = { counts: addCounts(counts, settled), skippedBy: [], failedBy: [], exceptions: [] };
  return writeReport({ rolloutId: "r-1", event: anAcceptedEvent(event) }, anEnd(ended), {
    ...TIMES,
    ...nothing,
    ...closing,
  });
};

describe("the status", () => {
  test.each<{ status: string; what: string; ending: Ended; event?: Partial<FlipEvent> }>([
    { status: "succeeded", what: "every customer was flipped", ending: {} },
    {
      status: "succeeded",
      what: "no customer had to be flipped",
      ending: { plan: aPlan({ flip: 0, unchanged: 9, skipped: 1 }), counts: NO_COUNTS },
    },
    {
      status: "succeeded",
      what: "some customers were unchanged or skipped by a rule",
      ending: { counts: { ...NO_COUNTS, flipped: 5, unchanged: 4, skipped: 1 } },
    },
    {
      status: "partial",
      what: "a customer failed within the budget",
      ending: { counts: { ...NO_COUNTS, flipped: 9, failed: 1 } },
    },
    {
      status: "partial",
      what: "a customer that the event names was skipped by the plan",
      ending: { plan: aPlan({ skipped: 3, named: { customers: 5, skipped: 1 } }) },
    },
    {
      status: "partial",
      what: "a customer of an event that names customers was skipped after the plan",
      ending: {
        plan: aPlan({ named: { customers: 5, skipped: 0 } }),
        counts: { ...NO_COUNTS, flipped: 4, skipped: 1 },
      },
    },
    {
      status: "succeeded",
      what: "each customer that the event names was flipped or right already",
      ending: { plan: aPlan({ skipped: 3, named: { customers: 5, skipped: 0 } }) },
    },
    {
      status: "partial",
      what: "the customers could not be listed at the end",
      ending: { notListed: INCOMPLETE },
    },
    {
      status: "partial",
      what: "a customer was deferred",
      ending: { counts: { ...NO_COUNTS, flipped: 9, deferred: 1 } },
    },
    {
      status: "failed",
      what: "it was stopped",
      ending: {
        counts: { ...NO_COUNTS, flipped: 1, failed: 2, skipped: 7 },
        problem: [{ code: "no-progress", parts: 3 }],
      },
    },
    {
      status: "failed",
      what: "it was stopped before the first outcome",
      ending: { counts: NO_COUNTS, problem: [{ code: "unexpected", error: "Error", detail: "the ledger is gone" }] },
    },
    {
      status: "refused",
      what: "the lookup could not show that it is complete",
      ending: { plan: undefined, counts: undefined, problem: INCOMPLETE },
    },
    {
      status: "refused",
      what: "it ended between plan and flip",
      ending: { counts: undefined, problem: [{ code: "lock-lost", rolloutId: "r-1" }] },
    },
    {
      status: "planned",
      what: "it was a dry run",
      ending: { counts: undefined },
      event: { dryRun: true },
    },
    {
      status: "refused",
      what: "it was a dry run that could not be planned",
      ending: { plan: undefined, counts: undefined, problem: INCOMPLETE },
      event: { dryRun: true },
    },
  ])("is $status when $what", ({ status, ending, event }) => {
    expect(report(ending, event).status).toBe(status);
  });
});

describe("the counts", () => {
  test("of a dry run are all zero: the plan has the numbers", () => {
    const plan = aPlan({ flip: 10, unchanged: 700, skipped: 20 });
    const skippedBy = [{ ...explain({ code: "excluded" }), customers: 20 }];
    const planned = report(
      { plan, counts: undefined },
      { dryRun: true },
      { skippedBy, exceptions: outcomes(20, "skipped") },
    );
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
  test.each([
    { failed: 0, skippedByPlan: 0, shown: 0, more: 0 },
    { failed: 99, skippedByPlan: 0, shown: 99, more: 0 },
    { failed: 100, skippedByPlan: 0, shown: 100, more: 0 },
    { failed: 101, skippedByPlan: 0, shown: 100, more: 1 },
    { failed: 3, skippedByPlan: 5_000, shown: 100, more: 4_903 },
  ])(
    "of $failed failed and $skippedByPlan skipped by the plan: $shown shown, $more more",
    ({ failed, skippedByPlan, shown, more }) => {
      const plan = aPlan({ flip: 1_000, skipped: skippedByPlan });
      const counts = { ...NO_COUNTS, flipped: 1_000 - failed, failed };
      const exceptions = [...outcomes(failed), ...outcomes(skippedByPlan, "skipped")];
      const ended = report({ plan, counts }, {}, { exceptions });
      expect(ended.exceptions).toHaveLength(shown);
      expect(ended.moreExceptions).toBe(more);
    },
  );

  test("include deferred customers", () => {
    const ended = report({ counts: { ...NO_COUNTS, deferred: 150 } }, {}, { exceptions: outcomes(100, "deferred") });
    expect(ended.moreExceptions).toBe(50);
  });

  test("of a dry run are the customers that the plan skips", () => {
    const ended = report(
      { plan: aPlan({ skipped: 250 }), counts: undefined },
      { dryRun: true },
      { exceptions: outcomes(100, "skipped") },
    );
    expect([ended.exceptions.length, ended.moreExceptions]).toEqual([100, 150]);
  });

  test("are empty for a rollout that was refused before its plan", () => {
    const ended = report({ plan: undefined, counts: undefined, problem: INCOMPLETE });
    expect([ended.exceptions, ended.moreExceptions]).toEqual([[], 0]);
  });
});

test("a report says which rollout, about what, who asked, why and how long", () => {
  expect(report({}, { requestedBy: "me", reason: "release night" })).toMatchObject({
    rolloutId: "r-1",
    action: "promote",
    release: "2026.11.0",
    dryRun: false,
    requestedBy: "me",
    reason: "release night",
    ...TIMES,
  });
});
