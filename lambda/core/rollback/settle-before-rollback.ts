import type { Reading } from "../flip/flip-result.ts";
import { isInDoubt, type Outcome, type OutcomeKind, toOutcome } from "../flip/outcome.ts";
import type { CustomerFacts, Judgement } from "../lookup/selection.ts";
import type { Batch } from "../plan/plan.ts";
import type { PlannedCustomer } from "../plan/planned-customer.ts";
import type { Reason } from "../reasons.ts";

/** How many of the customers that a rollout flipped have which outcome after its rollback. */
export interface RollbackCounts {
  readonly restored: number;
  /** Moved by a later rollout, protected now, or gone: the rollback leaves these customers. */
  readonly conflicting: number;
  /** Could not be restored, or were not attempted. */
  readonly failed: number;
}

/** Whether the release is held now. If it is not, why, and what to do. */
export interface Held {
  readonly held: boolean;
  readonly notHeld?: string | undefined;
}

export const NO_ROLLBACK_COUNTS: RollbackCounts = { restored: 0, conflicting: 0, failed: 0 };

/** The customers that a rollout flipped or may have flipped. Those that are only intended have no outcome yet. */
export function findRestorable({
  customers,
  outcomes,
  intended,
}: Pick<Batch, "customers" | "outcomes" | "intended">): readonly PlannedCustomer[] {
  const ids = new Set(intended);
  for (const one of outcomes) if (one.outcome === "flipped" || isInDoubt(one)) ids.add(one.customerId);
  return customers.filter(({ id }) => ids.has(id));
}

/**
 * The customers that the rollback of an earlier rollout leaves to this one, unless they were restored already. One that this
 * rollout only may have flipped is left when both wanted the same flag: then a restore may undo this flip. Otherwise the
 * restore writes the flag that this rollout wanted as well.
 */
export function findMoved(
  batch: Pick<Batch, "customers" | "outcomes" | "intended" | "rollback">,
  isSameAction: boolean,
): readonly string[] {
  const { outcomes, rollback } = batch;
  const flipped = outcomes.filter(({ outcome }) => outcome === "flipped").map(({ customerId }) => customerId);
  const moved = isSameAction ? findRestorable(batch).map(({ id }) => id) : flipped;
  // `unchanged`: restored as a customer of a newer rollout.
  const restored = rollback.filter(({ outcome }) => outcome === "flipped" || outcome === "unchanged");
  const restoredIds = new Set(restored.map(({ customerId }) => customerId));
  return moved.filter((id) => !restoredIds.has(id));
}

export interface RollbackSituation {
  readonly customer: PlannedCustomer;
  /** Read right before. Its flag does not count: writing the original flag is right wherever the customer is now. */
  readonly fresh: Reading;
  /** An earlier run was about to restore the customer. */
  readonly restoring: boolean;
  /** A later rollout that, by the ledger, flipped the customer or may have done so, and was not rolled back. */
  readonly movedLaterBy?: string | undefined;
  /** The rollback restores it as a customer of a newer source rollout. */
  readonly isInNewerSource?: boolean | undefined;
  readonly judge: (customer: CustomerFacts) => Judgement;
}

/** The outcome that needs no request; undefined when the customer is to be restored now. */
export function settleBeforeRollback(situation: RollbackSituation): Outcome | undefined {
  const { customer, fresh, restoring, movedLaterBy, isInNewerSource, judge } = situation;
  const settle = (outcome: OutcomeKind, reason: Reason) => toOutcome(customer, outcome, reason);
  if (isInNewerSource) return settle("unchanged", { code: "restored-with-newer" });
  if (movedLaterBy !== undefined) return settle("skipped", { code: "moved-by-later-rollout", rolloutId: movedLaterBy });
  if (fresh.reading === "missing") return settle("skipped", { code: "customer-gone" });
  if (fresh.reading === "unreadable") {
    return settle("failed", restoring ? { code: "may-be-restored", why: [fresh.reason] } : fresh.reason);
  }
  const judgement = judge(fresh.customer);
  return judgement.verdict === "skipped" ? settle("skipped", judgement.reason) : undefined;
}

/** Whether another rollback may restore this customer: a protection may be lifted, a later rollout rolled back by then. */
export function mayBeRestoredLater({ outcome, reason }: Outcome): boolean {
  return outcome === "skipped" && reason.code !== "customer-gone";
}

/** Counts the customers of a batch. A customer without an outcome counts as not restored, one of a newer source not at all. */
export function countRollback(batch: Omit<Batch, "rolloutId" | "index" | "revision">): RollbackCounts {
  const kinds = new Map(batch.rollback.map(({ customerId, outcome }) => [customerId, outcome]));
  const counts = { restored: 0, conflicting: 0, failed: 0 };
  for (const { id } of findRestorable(batch)) {
    const kind = kinds.get(id);
    if (kind === "flipped") counts.restored += 1;
    else if (kind === "skipped") counts.conflicting += 1;
    else if (kind !== "unchanged") counts.failed += 1;
  }
  return counts;
}

/** How many customers had a request of the flips that was not confirmed: Evo Voice may still perform it. */
export function countUnconfirmed(batch: Pick<Batch, "customers" | "outcomes" | "intended">): number {
  const confirmed = batch.outcomes.filter(
    ({ outcome, reason }) =>
      outcome === "flipped" && reason.code === "confirmed-by-reply" && reason.after === undefined,
  );
  return findRestorable(batch).length - confirmed.length;
}

/** Whether another pass may restore a customer of the batch. */
export function isWorthAnotherPass(batch: Batch): boolean {
  const ended = new Set(batch.rollback.flatMap(({ customerId, outcome }) => (outcome === "failed" ? [] : customerId)));
  return findRestorable(batch).some(({ id }) => !ended.has(id));
}

export function addRollbackCounts(a: RollbackCounts, b: RollbackCounts): RollbackCounts {
  return {
    restored: a.restored + b.restored,
    conflicting: a.conflicting + b.conflicting,
    failed: a.failed + b.failed,
  };
}
