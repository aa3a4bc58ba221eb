import { describe, expect, test } from "@jest/globals";
import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import type { Reading } from "../../../../../lambda/core/flip/settle-before-flip.ts";
import type { CustomerFacts } from "../../../../../lambda/core/lookup/selection.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import {
  countRollback,
  dropNeverFlipped,
  isWorthAnotherLook,
  isWorthAnotherPass,
  type MovedAway,
  type RollbackSituation,
  settleBeforeRollback,
} from "../../../../../lambda/core/rollback/settle-before-rollback.ts";
import { aCustomer } from "../a-customer.ts";

const found = (changes: Partial<CustomerFacts> = {}): Reading => ({
  reading: "found",
  customer: aCustomer({ isStaging: false, ...changes }),
});

/** Of a customer that a promote flipped, and that is still in production. */
function aSituation(changes: Partial<RollbackSituation> = {}): RollbackSituation {
  return {
    customer: { id: "c-1", name: "Acme" },
    fresh: found(),
    flag: false,
    wasFlipped: true,
    restoring: false,
    judge: () => ({ verdict: "candidate" }),
    ...changes,
  };
}

const away = (changes: Partial<MovedAway> = {}): MovedAway => ({
  ...{ rolloutId: "noon", mayBeBack: false, isSure: true },
  ...changes,
});
const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const PROTECTED = { code: "protected-by-policy", by: "tag", tag: "vip" } as const;
const back = found({ isStaging: true });
const missing: Reading = { reading: "missing" };
const unreadable: Reading = { reading: "unreadable", reason: NO_ANSWER };
const isProtected = () => ({ verdict: "skipped", reason: PROTECTED }) as const;

describe("before its restore, a customer that is read afresh", () => {
  test.each<[what: string, situation: Partial<RollbackSituation>]>([
    ["is where the rollout put it", {}],
    ["may have been flipped, and is where that would have put it", { wasFlipped: false }],
    ["was about to be restored, and is not back", { restoring: true }],
    ["was moved away by a later rollout, which is being rolled back", { movedAwayBy: away({ mayBeBack: true }) }],
  ])("%s, and is restored", (_what, situation) => {
    expect(settleBeforeRollback(aSituation(situation))).toBeUndefined();
  });

  test.each<[what: string, situation: Partial<RollbackSituation>, outcome: OutcomeKind, reason: Reason]>([
    ["is gone", { fresh: missing }, "skipped", { code: "customer-gone" }],
    [
      "is gone, and may never have been flipped",
      { fresh: missing, wasFlipped: false },
      "unchanged",
      { code: "customer-gone" },
    ],
    ["cannot be read", { fresh: unreadable }, "failed", NO_ANSWER],
    [
      "cannot be read, after it was about to be restored",
      { fresh: unreadable, restoring: true },
      "failed",
      { code: "may-be-restored", why: [NO_ANSWER] },
    ],
    [
      "does not say where it is, after it was about to be restored",
      { fresh: found({ isStaging: undefined }), restoring: true },
      "failed",
      { code: "may-be-restored", why: [{ code: "flag-unknown" }] },
    ],
    ["is back", { fresh: back }, "skipped", { code: "moved-back" }],
    [
      "is back, after it was about to be",
      { fresh: back, restoring: true },
      "flipped",
      { code: "confirmed-after-restart" },
    ],
    [
      "is back, and may never have been flipped",
      { fresh: back, wasFlipped: false },
      "unchanged",
      { code: "never-flipped" },
    ],
    [
      "is back, and a later rollout has moved it there",
      { fresh: back, movedAwayBy: away() },
      "skipped",
      { code: "moved-back-by-later-rollout", rolloutId: "noon" },
    ],
    [
      "is back, and perhaps a later rollout has moved it there",
      { fresh: back, movedAwayBy: away({ isSure: false }) },
      "skipped",
      { code: "moved-back" },
    ],
    [
      "is where the rollout put it, though a later rollout has moved it away",
      { movedAwayBy: away() },
      "skipped",
      { code: "moved-again" },
    ],
    ["is protected by now", { judge: isProtected }, "skipped", PROTECTED],
    [
      "was moved again by a later rollout",
      { movedLaterBy: "noon", wasFlipped: false },
      "skipped",
      { code: "moved-by-later-rollout", rolloutId: "noon" },
    ],
  ])("%s", (_what, situation, outcome, reason) => {
    expect(settleBeforeRollback(aSituation(situation))).toEqual({ customerId: "c-1", name: "Acme", outcome, reason });
  });
});

describe("a conflict of an earlier rollback", () => {
  const alone = (reason: Reason, outcome: OutcomeKind = "skipped") => ({
    ...{ customerId: "c-1", name: "Acme", outcome },
    reason,
  });
  const reasonOf = (situation: Partial<RollbackSituation>) => settleBeforeRollback(aSituation(situation))!.reason;

  test.each<[what: string, why: Reason, knowsAll: boolean, knowsSome: boolean]>([
    ["is protected", reasonOf({ judge: isProtected }), true, true],
    ["a later rollout has moved to where it is", reasonOf({ movedLaterBy: "noon" }), true, true],
    ["a later rollout has moved back", reasonOf({ fresh: back, movedAwayBy: away() }), true, false],
    ["no rollout has moved back", reasonOf({ fresh: back }), false, false],
    ["no rollout has moved after a later rollout had", reasonOf({ movedAwayBy: away() }), false, false],
    ["is gone", reasonOf({ fresh: missing }), false, false],
  ])("is checked again when it may be over: a customer that %s", (_what, why, knowsAll, knowsSome) => {
    expect(isWorthAnotherLook(alone(why), true)).toBe(knowsAll);
    expect(isWorthAnotherLook(alone(why), false)).toBe(knowsSome);
    expect(isWorthAnotherLook(alone(why, "failed"))).toBe(false);
  });
});

describe("a batch of a rollback", () => {
  const outcome = (customerId: string, kind: OutcomeKind, reason: Reason = NO_ANSWER): Outcome => ({
    customerId,
    name: "",
    outcome: kind,
    reason,
  });
  const aBatch = (changes: Partial<Batch>): Batch => ({
    rolloutId: "night",
    index: 0,
    customers: ["a", "b", "c"].map((id) => ({ id, name: "" })),
    intended: [],
    outcomes: ["a", "b"].map((id) => outcome(id, "flipped")),
    restoring: [],
    rollback: [],
    revision: 1,
    ...changes,
  });

  test("drops a failed restore when the customer was never flipped", () => {
    const rollback = [outcome("a", "flipped"), outcome("b", "failed"), outcome("c", "failed")];
    const inDoubt = aBatch({ intended: ["c"], rollback });
    expect(countRollback(inDoubt)).toEqual({ restored: 1, conflicting: 0, failed: 2 });

    const settled = dropNeverFlipped({ ...inDoubt, intended: [] });

    expect(settled.rollback).toEqual(rollback.slice(0, 2));
    expect(countRollback(settled)).toEqual({ restored: 1, conflicting: 0, failed: 1 });
  });

  test.each<[what: string, rollback: readonly Outcome[], isWorthIt: boolean]>([
    ["each customer is back or in conflict", [outcome("a", "flipped"), outcome("b", "skipped")], false],
    ["a customer has no result", [outcome("a", "flipped")], true],
    ["a customer failed", [outcome("a", "flipped"), outcome("b", "failed")], true],
  ])("is worth another pass when it helps: %s", (_what, rollback, isWorthIt) => {
    expect(isWorthAnotherPass(aBatch({ rollback }))).toBe(isWorthIt);
  });
});
