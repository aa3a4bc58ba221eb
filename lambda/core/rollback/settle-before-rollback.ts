import type { Batch } from "../flip/batch.ts";
import type { Outcome, OutcomeKind } from "../flip/outcome.ts";
import type { Reading } from "../flip/settle-before-flip.ts";
import type { CustomerFacts, Judgement } from "../lookup/selection.ts";
import type { PlannedCustomer } from "../plan/plan.ts";

/** What became of the customers that a rollout had flipped, when it was rolled back. */
export interface RollbackCounts {
  readonly restored: number;
  /** Changed by another system or by a later rollout since, protected since, or gone: not ours to touch. */
  readonly conflicting: number;
  /** Could not be flipped back. */
  readonly left: number;
}

/** Whether the release is held now; if not, why, and what to do about it. */
export interface Held {
  readonly held: boolean;
  readonly notHeld?: string | undefined;
}

export const NO_ROLLBACK_COUNTS: RollbackCounts = { restored: 0, conflicting: 0, left: 0 };

/** How the reasons begin of those who were not flipped back, so that a report tells them from those who were not flipped. */
export const CONFLICTING = "left alone: ";
export const NOT_RESTORED = "not flipped back: ";

/** The customers that a rollout flipped or may have flipped: by the ledger's word, or by a flip that was begun and has no such outcome. */
export function findRestorable({
  customers,
  outcomes,
  intended,
}: Pick<Batch, "customers" | "outcomes" | "intended">): readonly PlannedCustomer[] {
  const ids = new Set(intended);
  for (const { customerId, outcome } of outcomes) if (outcome === "flipped") ids.add(customerId);
  return customers.filter(({ id }) => ids.has(id));
}

/** Once a doubt is settled: a customer that was never flipped cannot be left either. */
export function dropNeverFlipped(batch: Batch): Batch {
  if (batch.rollback.length === 0) return batch;
  const ids = new Set(findRestorable(batch).map(({ id }) => id));
  const rollback = batch.rollback.filter(({ customerId, outcome }) => outcome !== "failed" || ids.has(customerId));
  return { ...batch, rollback };
}

/** Else a report could not tell who is still flipped from who never was. */
export function asNotRestored(outcome: Outcome): Outcome {
  return outcome.outcome === "failed" ? { ...outcome, reason: `${NOT_RESTORED}${outcome.reason}` } : outcome;
}

export interface RollbackSituation {
  readonly customer: PlannedCustomer;
  /** Read afresh. */
  readonly fresh: Reading;
  /** The flag that the rollout set. */
  readonly flag: boolean;
  /** By the ledger's own word; otherwise only the reading can tell. */
  readonly wasFlipped: boolean;
  /** An earlier run was about to flip it back. */
  readonly restoring: boolean;
  /** A rollout that came later and has moved the customer to where it is, by the ledger's word. */
  readonly movedLaterBy?: string | undefined;
  /** A rollout that came later still, by the ledger's word, and has moved it away: it was not turned back. */
  readonly movedAwayBy?: MovedAway | undefined;
  readonly judge: (customer: CustomerFacts) => Judgement;
}

/** By the ledger's word the last that has moved a customer, away from where the rollout that is turned back had put it. */
export interface MovedAway {
  readonly rolloutId: string;
  /** A rollback of that one was about to flip the customer back, and did not come to record it. */
  readonly mayBeBack: boolean;
  /** No other rollout may have moved it there, as far as the ledger knows. */
  readonly isSure: boolean;
}

/** Decides from a fresh reading: the outcome that needs no flip, or undefined when the customer is to be flipped back now. */
export function settleBeforeRollback(situation: RollbackSituation): Outcome | undefined {
  const { customer, fresh, flag, wasFlipped, restoring } = situation;
  const settle = (outcome: OutcomeKind, reason: string): Outcome => ({
    customerId: customer.id,
    name: customer.name,
    outcome,
    reason,
  });
  if (fresh.reading === "missing")
    return wasFlipped ? settle("skipped", `${CONFLICTING}${GONE}`) : settle("unchanged", GONE);
  const fail = (why: string) => settle("failed", restoring ? mayBeBack(why) : why);
  if (fresh.reading === "unreadable") return fail(fresh.reason);
  const { isStaging } = fresh.customer;
  if (isStaging === undefined) return fail("Evo Voice does not say where this customer is");
  if (isStaging !== flag) return settle(...explainMoved(situation));
  const why = whyStays(situation, fresh.customer);
  return why === undefined ? undefined : settle("skipped", why);
}

/** How it comes that a customer is not where the rollout had put it. */
function explainMoved({ wasFlipped, restoring, movedAwayBy }: RollbackSituation): [OutcomeKind, string] {
  if (restoring) return ["flipped", "confirmed after a restart"];
  if (!wasFlipped) return ["unchanged", "was never flipped"];
  return ["skipped", movedAwayBy?.isSure ? describeAway(movedAwayBy) : MOVED_BACK];
}

/** Why a customer is left alone that is where the rollout had put it. */
function whyStays(
  { movedLaterBy, movedAwayBy, judge }: RollbackSituation,
  customer: CustomerFacts,
): string | undefined {
  if (movedLaterBy !== undefined) return `${CONFLICTING}${describeLater(movedLaterBy)}`;
  if (movedAwayBy?.mayBeBack === false) return MOVED_SINCE;
  const judgement = judge(customer);
  return judgement.verdict === "skipped" ? `${CONFLICTING}${judgement.reason}` : undefined;
}

function describeLater(rolloutId: string): string {
  return `rollout ${rolloutId}, which came later, has moved it to where it is, and a rollback of that one turns it back`;
}

function describeAway({ rolloutId }: MovedAway): string {
  return `${CONFLICTING}rollout ${rolloutId}, which came later, has moved it back; ${ONCE_THAT_IS_BACK}`;
}

/** Of a customer that an earlier run began to restore. */
export function mayBeBack(why: string): string {
  return `it may have been flipped back, look at it: ${why}`;
}

const ONCE_THAT_IS_BACK = "once that one is turned back, a rollback that is sent again turns this back, too";
const GONE = "Evo Voice no longer has this customer";
const MOVED_BACK = `${CONFLICTING}somebody has moved it back already`;
const MOVED_SINCE = `${CONFLICTING}a rollout that came later had moved it back, and somebody has moved it again`;
const FOR_GOOD = [MOVED_BACK, MOVED_SINCE, `${CONFLICTING}${GONE}`];

/**
 * Whether another rollback may find that what kept this customer where it is is over: a protection that was lifted, a
 * later rollout that was turned back. What another system did to the customer itself is for good, and so is what a later rollout
 * did when it is not known which others came later.
 */
export function isWorthAnotherLook({ outcome, reason }: Outcome, knowsLater = true): boolean {
  if (outcome !== "skipped" || FOR_GOOD.includes(reason)) return false;
  return knowsLater || !reason.endsWith(ONCE_THAT_IS_BACK);
}

/** Sums up a batch: a restorable customer without another end is left. */
export function countRollback(batch: Omit<Batch, "rolloutId" | "index" | "revision">): RollbackCounts {
  const kinds = new Map(batch.rollback.map(({ customerId, outcome }) => [customerId, outcome]));
  const counts = { restored: 0, conflicting: 0, left: 0 };
  for (const { id } of findRestorable(batch)) {
    const kind = kinds.get(id);
    if (kind === "flipped") counts.restored += 1;
    else if (kind === "skipped") counts.conflicting += 1;
    else if (kind !== "unchanged") counts.left += 1;
  }
  return counts;
}

/** Whether a customer is left that another pass may help. */
export function isWorthAnotherPass(batch: Batch): boolean {
  const ended = new Set(batch.rollback.flatMap(({ customerId, outcome }) => (outcome === "failed" ? [] : customerId)));
  return findRestorable(batch).some(({ id }) => !ended.has(id));
}

export function addRollbackCounts(a: RollbackCounts, b: RollbackCounts): RollbackCounts {
  return {
    restored: a.restored + b.restored,
    conflicting: a.conflicting + b.conflicting,
    left: a.left + b.left,
  };
}
