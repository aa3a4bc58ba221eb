import type { Outcome, OutcomeKind } from "../flip/outcome.ts";
import type { Reading } from "../flip/settle-before-flip.ts";
import type { CustomerFacts, Judgement } from "../lookup/selection.ts";
import type { Batch, PlannedCustomer } from "../plan/plan.ts";
import type { Reason, ReasonCode } from "../reasons.ts";

/** How many of the customers that a rollout flipped have which outcome after its rollback. */
export interface RollbackCounts {
  readonly restored: number;
  /** Moved by a later rollout or by no rollout, protected now, or gone: the rollback leaves these customers. */
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

/** The customers that a rollout flipped, or may have flipped: those with the outcome, and those that were only intended. */
export function findRestorable({
  customers,
  outcomes,
  intended,
}: Pick<Batch, "customers" | "outcomes" | "intended">): readonly PlannedCustomer[] {
  const ids = new Set(intended);
  for (const { customerId, outcome } of outcomes) if (outcome === "flipped") ids.add(customerId);
  return customers.filter(({ id }) => ids.has(id));
}

/** Drops the failed restores of customers that, as is known by now, were never flipped. */
export function dropNeverFlipped(batch: Batch): Batch {
  if (batch.rollback.length === 0) return batch;
  const ids = new Set(findRestorable(batch).map(({ id }) => id));
  const rollback = batch.rollback.filter(({ customerId, outcome }) => outcome !== "failed" || ids.has(customerId));
  return { ...batch, rollback };
}

export interface RollbackSituation {
  readonly customer: PlannedCustomer;
  /** Read right before. */
  readonly fresh: Reading;
  /** The flag that the rollout set. */
  readonly flag: boolean;
  /** The ledger has the outcome `flipped`. Otherwise only the reading can tell. */
  readonly wasFlipped: boolean;
  /** An earlier run was about to restore the customer. */
  readonly restoring: boolean;
  /** A later rollout that, by the ledger, moved the customer to where it is. */
  readonly movedLaterBy?: string | undefined;
  /** A later rollout that, by the ledger, moved the customer away and was not rolled back. */
  readonly movedAwayBy?: MovedAway | undefined;
  readonly judge: (customer: CustomerFacts) => Judgement;
}

/** The last rollout that, by the ledger, moved a customer away from where the rolled back rollout had put it. */
export interface MovedAway {
  readonly rolloutId: string;
  /** A rollback of that rollout was about to restore the customer, and recorded no outcome. */
  readonly mayBeBack: boolean;
  /** By the ledger, no other rollout can have moved the customer there. */
  readonly isSure: boolean;
}

/** Decides from a fresh reading: the outcome that needs no request, or undefined when the customer is to be restored now. */
export function settleBeforeRollback(situation: RollbackSituation): Outcome | undefined {
  const { customer, fresh, flag, wasFlipped, restoring } = situation;
  const settle = (outcome: OutcomeKind, reason: Reason): Outcome => ({
    customerId: customer.id,
    name: customer.name,
    outcome,
    reason,
  });
  if (fresh.reading === "missing") return settle(wasFlipped ? "skipped" : "unchanged", { code: "customer-gone" });
  const fail = (why: Reason) => settle("failed", restoring ? { code: "may-be-restored", why: [why] } : why);
  if (fresh.reading === "unreadable") return fail(fresh.reason);
  const { isStaging } = fresh.customer;
  if (isStaging === undefined) return fail({ code: "flag-unknown" });
  if (isStaging !== flag) return settle(...explainMoved(situation));
  const why = whyStays(situation, fresh.customer);
  return why === undefined ? undefined : settle("skipped", why);
}

/** Why a customer is not where the rollout had put it. */
function explainMoved({ wasFlipped, restoring, movedAwayBy }: RollbackSituation): [OutcomeKind, Reason] {
  if (restoring) return ["flipped", { code: "confirmed-after-restart" }];
  if (!wasFlipped) return ["unchanged", { code: "never-flipped" }];
  if (!movedAwayBy?.isSure) return ["skipped", { code: "moved-back" }];
  return ["skipped", { code: "moved-back-by-later-rollout", rolloutId: movedAwayBy.rolloutId }];
}

/** Why a customer that is where the rollout had put it is not restored. */
function whyStays(
  { movedLaterBy, movedAwayBy, judge }: RollbackSituation,
  customer: CustomerFacts,
): Reason | undefined {
  if (movedLaterBy !== undefined) return { code: "moved-by-later-rollout", rolloutId: movedLaterBy };
  if (movedAwayBy?.mayBeBack === false) return { code: "moved-again" };
  const judgement = judge(customer);
  return judgement.verdict === "skipped" ? judgement.reason : undefined;
}

/** Another rollback would find the same. */
const FINAL_CONFLICTS: readonly ReasonCode[] = ["moved-back", "moved-again", "customer-gone"];

/**
 * Whether another rollback may restore this customer: a protection may be lifted, a later rollout may be rolled back by
 * then. A customer that no rollout moved stays as it is. So does a customer that a later rollout moved, when the ledger no
 * longer lists all later rollouts.
 */
export function isWorthAnotherLook({ outcome, reason }: Outcome, knowsLater = true): boolean {
  if (outcome !== "skipped" || FINAL_CONFLICTS.includes(reason.code)) return false;
  return knowsLater || reason.code !== "moved-back-by-later-rollout";
}

/** Counts the customers of a batch. A restorable customer without another outcome counts as not restored. */
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
