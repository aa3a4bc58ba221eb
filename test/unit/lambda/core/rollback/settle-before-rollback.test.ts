import type { Reading } from "../../../../../lambda/core/flip/flip-result.ts";
import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import {
  countRollback,
  countUnconfirmed,
  isWorthAnotherPass,
  mayBeRestoredLater,
  type RollbackSituation,
  settleBeforeRollback,
} from "../../../../../lambda/core/rollback/settle-before-rollback.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer } from "../a-customer.ts";

const found = (isStaging: boolean | undefined): Reading => ({ reading: "found", customer: aCustomer({ isStaging }) });

/** Of a customer that a promote flipped, and that is still in production. */
function aSituation(changes: Partial<RollbackSituation> = {}): RollbackSituation {
  const judge = () => ({ verdict: "candidate" }) as const;
  return { customer: { id: "c-1", name: "Acme" }, fresh: found(false), restoring: false, judge, ...changes };
}

const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const PROTECTED = { code: "protected-by-policy", by: "tag", tag: "vip" } as const;
const MOVED_LATER = { code: "moved-by-later-rollout", rolloutId: "noon" } as const;
const missing: Reading = { reading: "missing" };
const unreadable: Reading = { reading: "unreadable", reason: NO_ANSWER };
const isProtected = () => ({ verdict: "skipped", reason: PROTECTED }) as const;

describe("before a rollback writes, a customer that", () => {
  test.each<[what: string, situation: Partial<RollbackSituation>]>([
    ["is where the rollout put it", {}],
    ["shows its original flag, which may be a reading that lags", { fresh: found(true) }],
    ["does not show a flag", { fresh: found(undefined) }],
    ["was about to be restored", { restoring: true }],
  ])("%s is restored", (_what, situation) => {
    expect(settleBeforeRollback(aSituation(situation))).toBeUndefined();
  });

  test.each<[what: string, situation: Partial<RollbackSituation>, outcome: OutcomeKind, reason: Reason]>([
    ["is gone", { fresh: missing }, "skipped", { code: "customer-gone" }],
    ["cannot be read, so may be protected,", { fresh: unreadable }, "failed", NO_ANSWER],
    [
      "cannot be read after an earlier run was about to restore it",
      { fresh: unreadable, restoring: true },
      "failed",
      { code: "may-be-restored", why: [NO_ANSWER] },
    ],
    ["is protected now", { judge: isProtected }, "skipped", PROTECTED],
    ["a later rollout moved", { movedLaterBy: "noon" }, "skipped", MOVED_LATER],
  ])("%s is not restored", (_what, situation, outcome, reason) => {
    expect(settleBeforeRollback(aSituation(situation))).toEqual({ customerId: "c-1", name: "Acme", outcome, reason });
  });
});

test.each<[Reason, OutcomeKind, boolean]>([
  [PROTECTED, "skipped", true],
  [MOVED_LATER, "skipped", true],
  [{ code: "customer-gone" }, "skipped", false],
  [NO_ANSWER, "failed", false],
])("another rollback looks again at a conflict that may be over: %j, %s", (reason, outcome, isWorthIt) => {
  expect(mayBeRestoredLater({ customerId: "c-1", name: "Acme", outcome, reason })).toBe(isWorthIt);
});

describe("a batch that is rolled back", () => {
  const outcome = (customerId: string, kind: OutcomeKind, reason: Reason = NO_ANSWER): Outcome => {
    return { customerId, name: "", outcome: kind, reason };
  };
  const aBatch = (changes: Partial<Batch>): Batch => ({
    ...{ rolloutId: "night", index: 0, customers: ["a", "b", "c"].map((id) => ({ id, name: "" })), revision: 1 },
    ...{
      outcomes: ["a", "b"].map((id) => outcome(id, "flipped")),
      intended: [],
      restoring: [],
      rollback: [],
      ...changes,
    },
  });

  test("counts a customer that may have been flipped, and one of a newer source not at all", () => {
    const outcomes = [outcome("a", "flipped"), outcome("b", "failed", { code: "unanswered" }), outcome("c", "failed")];
    const counts = { restored: 0, conflicting: 0, failed: 2 };

    expect(countRollback(aBatch({ outcomes }))).toEqual(counts);
    const rollback = [outcome("a", "unchanged", { code: "restored-with-newer" })];
    expect(countRollback(aBatch({ outcomes, rollback }))).toEqual({ ...counts, failed: 1 });
  });

  test.each<[what: string, outcome: Outcome, isUnconfirmed: boolean]>([
    ["was confirmed by its first reply", outcome("a", "flipped", { code: "confirmed-by-reply" }), false],
    ["was confirmed by its second reply", outcome("a", "flipped", { code: "confirmed-by-reply", after: "" }), true],
    ["was confirmed by a reading", outcome("a", "flipped", { code: "confirmed-by-verification" }), true],
    ["is in doubt", outcome("a", "failed", { code: "unanswered" }), true],
    ["was refused", outcome("a", "failed"), false],
  ])("a flip that %s may be performed late: $isUnconfirmed", (_what, one, isUnconfirmed) => {
    expect(countUnconfirmed(aBatch({ outcomes: [one] }))).toBe(isUnconfirmed ? 1 : 0);
  });

  test.each<[what: string, rollback: readonly Outcome[], isWorthIt: boolean]>([
    ["every customer is restored or conflicting", [outcome("a", "flipped"), outcome("b", "skipped")], false],
    ["a customer has no result", [outcome("a", "flipped")], true],
    ["a customer failed", [outcome("a", "flipped"), outcome("b", "failed")], true],
  ])("is worth another pass when it helps: %s", (_what, rollback, isWorthIt) => {
    expect(isWorthAnotherPass(aBatch({ rollback }))).toBe(isWorthIt);
  });
});
