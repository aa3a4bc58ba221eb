import { describe, expect, test } from "@jest/globals";
import type { Batch } from "../../../../../lambda/core/flip/batch.ts";
import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import type { Reading } from "../../../../../lambda/core/flip/settle-before-flip.ts";
import type { CustomerFacts } from "../../../../../lambda/core/lookup/selection.ts";
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
const back = found({ isStaging: true });
const missing: Reading = { reading: "missing" };
const unreadable: Reading = { reading: "unreadable", reason: "no answer in 10 s" };
const isProtected = () => ({ verdict: "skipped", reason: "protected by the policy (tag vip)" }) as const;

describe("before a customer is flipped back, one that is read afresh", () => {
  test.each<[what: string, situation: Partial<RollbackSituation>]>([
    ["is where the rollout put it", {}],
    ["may have been flipped, and is where that would have put it", { wasFlipped: false }],
    ["was about to be flipped back, and is not back", { restoring: true }],
    ["was moved away by a later rollout, which is being turned back", { movedAwayBy: away({ mayBeBack: true }) }],
  ])("%s, and is to be flipped back", (_what, situation) => {
    expect(settleBeforeRollback(aSituation(situation))).toBeUndefined();
  });

  test.each<[what: string, situation: Partial<RollbackSituation>, outcome: OutcomeKind, reason: string]>([
    ["is gone", { fresh: missing }, "skipped", "left alone: Evo Voice no longer has this customer"],
    [
      "is gone, and may never have been flipped",
      { fresh: missing, wasFlipped: false },
      "unchanged",
      "Evo Voice no longer has this customer",
    ],
    ["cannot be read", { fresh: unreadable }, "failed", "no answer in 10 s"],
    [
      "cannot be read, after it was about to be flipped back",
      { fresh: unreadable, restoring: true },
      "failed",
      "it may have been flipped back, look at it: no answer in 10 s",
    ],
    [
      "does not say where it is, after it was about to be flipped back",
      { fresh: found({ isStaging: undefined }), restoring: true },
      "failed",
      "it may have been flipped back, look at it: Evo Voice does not say where this customer is",
    ],
    ["is back", { fresh: back }, "skipped", "left alone: somebody has moved it back already"],
    ["is back, after it was about to be", { fresh: back, restoring: true }, "flipped", "confirmed after a restart"],
    ["is back, and may never have been flipped", { fresh: back, wasFlipped: false }, "unchanged", "was never flipped"],
    [
      "is back, and a later rollout has moved it there",
      { fresh: back, movedAwayBy: away() },
      "skipped",
      "left alone: rollout noon, which came later, has moved it back; once that one is turned back, a rollback that is sent again turns this back, too",
    ],
    [
      "is back, and a later rollout or somebody else has moved it there",
      { fresh: back, movedAwayBy: away({ isSure: false }) },
      "skipped",
      "left alone: somebody has moved it back already",
    ],
    [
      "is where the rollout put it, though a later one has moved it away",
      { movedAwayBy: away() },
      "skipped",
      "left alone: a rollout that came later had moved it back, and somebody has moved it again",
    ],
    ["is protected by now", { judge: isProtected }, "skipped", "left alone: protected by the policy (tag vip)"],
    [
      "was moved again by a later rollout",
      { movedLaterBy: "noon", wasFlipped: false },
      "skipped",
      "left alone: rollout noon, which came later, has moved it to where it is, and a rollback of that one turns it back",
    ],
  ])("%s", (_what, situation, outcome, reason) => {
    expect(settleBeforeRollback(aSituation(situation))).toEqual({ customerId: "c-1", name: "Acme", outcome, reason });
  });
});

describe("whom a rollback left alone, another one looks at again", () => {
  const alone = (why: string, outcome: OutcomeKind = "skipped") => ({
    ...{ customerId: "c-1", name: "Acme", outcome },
    reason: `left alone: ${why}`,
  });
  const reasonOf = (situation: Partial<RollbackSituation>) =>
    settleBeforeRollback(aSituation(situation))?.reason.replace("left alone: ", "") ?? "";

  test.each<[what: string, why: string, knowsAll: boolean, knowsSome: boolean]>([
    ["is protected", reasonOf({ judge: isProtected }), true, true],
    ["a later rollout has moved to where it is", reasonOf({ movedLaterBy: "noon" }), true, true],
    ["a later rollout has moved back", reasonOf({ fresh: back, movedAwayBy: away() }), true, false],
    ["somebody has moved back", reasonOf({ fresh: back }), false, false],
    ["somebody has moved after a later rollout had", reasonOf({ movedAwayBy: away() }), false, false],
    ["is gone", reasonOf({ fresh: missing }), false, false],
  ])("when it may be over, as far as the ledger knows who came later: who %s", (_who, why, knowsAll, knowsSome) => {
    expect(isWorthAnotherLook(alone(why), true)).toBe(knowsAll);
    expect(isWorthAnotherLook(alone(why), false)).toBe(knowsSome);
    expect(isWorthAnotherLook(alone(why, "failed"))).toBe(false);
  });
});

describe("a batch that is turned back", () => {
  const outcome = (customerId: string, kind: OutcomeKind, reason = ""): Outcome => ({
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

  test("forgets who could not be flipped back once it is known that they were never flipped", () => {
    const rollback = [outcome("a", "flipped"), outcome("b", "failed"), outcome("c", "failed", "no answer")];
    const inDoubt = aBatch({ intended: ["c"], rollback });
    expect(countRollback(inDoubt)).toEqual({ restored: 1, conflicting: 0, left: 2 });

    const settled = dropNeverFlipped({ ...inDoubt, intended: [] });

    expect(settled.rollback).toEqual(rollback.slice(0, 2));
    expect(countRollback(settled)).toEqual({ restored: 1, conflicting: 0, left: 1 });
  });

  test.each<[what: string, rollback: readonly Outcome[], isWorthIt: boolean]>([
    ["everybody is back or left alone", [outcome("a", "flipped"), outcome("b", "skipped")], false],
    ["somebody has no end", [outcome("a", "flipped")], true],
    ["somebody failed", [outcome("a", "flipped"), outcome("b", "failed", "no answer")], true],
  ])("is worth another pass when it helps: %s", (_what, rollback, isWorthIt) => {
    expect(isWorthAnotherPass(aBatch({ rollback }))).toBe(isWorthIt);
  });
});
