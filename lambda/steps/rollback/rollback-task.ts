import { wantedFlag } from "../../contract/deploy-event.ts";
import type { Batch } from "../../core/flip/batch.ts";
import { NOT_ATTEMPTED, type Outcome } from "../../core/flip/outcome.ts";
import { findUndoable, isWorthAnotherLook, LEFT_ALONE, mayBeBack, settleBeforeRevert } from "../../core/rollback/settle-before-rollback.ts";
import { createJudge, toSelection } from "../../core/lookup/selection.ts";
import type { Subject } from "../../core/rollback/source-rollouts.ts";
import type { Task } from "../flip/batch-run.ts";
import type { Origin } from "./later-rollouts.ts";
import type { Ports } from "../ports.ts";

export interface Reverting {
  readonly origin: Origin;
  /** The rollout that turns back, be it what it did itself. */
  readonly by: string;
}

/** Flips back; what comes of a customer is kept beside its outcome. Without more than the subject it only reads and counts. */
export function createRevertTask({ ledger, policy }: Ports, subject: Subject, reverting?: Reverting): Task {
  const { origin, by } = reverting ?? {};
  const judge = createJudge(toSelection({ targets: [{ all: true }] }, policy));
  const flag = wantedFlag(subject.action);
  return {
    flag: !flag,
    read: (place) => readPlace(ledger, subject, place),
    open(batch) {
      const flippedIds = new Set(
        batch.outcomes.flatMap(({ customerId, outcome }) => (outcome === "flipped" ? customerId : [])),
      );
      const begun = new Set(batch.reverting);
      const knowsLater = origin?.knowsLater(batch.rolloutId);
      return {
        customers: findUndoable(batch),
        outcomes: batch.reverted.filter(
          (one) => one.outcome !== "failed" && (batch.revertedBy === by || !isWorthAnotherLook(one, knowsLater)),
        ),
        intended: batch.reverting,
        settle: (customer, fresh) =>
          settleBeforeRevert({
            customer,
            fresh,
            flag,
            judge,
            wasFlipped: flippedIds.has(customer.id),
            reverting: begun.has(customer.id),
            movedLaterBy: origin?.movedLaterBy(batch.rolloutId, customer.id),
            movedAwayBy: origin?.movedAwayBy(batch.rolloutId, customer.id),
          }),
      };
    },
    close: (batch, { outcomes, intended }) => ({
      ...batch,
      reverted: outcomes.map(toReverted),
      reverting: intended,
      revertedBy: by,
    }),
  };
}

/** A customer that was not attempted is left, not left alone: a rollback that is sent again goes on with it. */
function toReverted(outcome: Outcome): Outcome {
  const { outcome: kind, reason } = outcome;
  if (kind !== "skipped" || reason.startsWith(LEFT_ALONE)) return outcome;
  if (!reason.startsWith(NOT_ATTEMPTED)) return { ...outcome, reason: `${LEFT_ALONE}${reason}` };
  return { ...outcome, outcome: "failed", reason: reason.slice(NOT_ATTEMPTED.length) };
}

/** A revert that ended before it was through names who is left in this batch. */
export function nameLeft(batch: Batch, why: string): Batch {
  const known = new Set(batch.reverted.map(({ customerId }) => customerId));
  const begun = new Set(batch.reverting);
  const left = findUndoable(batch).filter(({ id }) => !known.has(id));
  const named = left.map(
    ({ id, name }): Outcome => ({
      customerId: id,
      name,
      outcome: "failed",
      reason: begun.has(id) ? mayBeBack(why) : why,
    }),
  );
  return named.length === 0 ? batch : { ...batch, reverted: [...batch.reverted, ...named] };
}

/** How many batches there are to turn back. */
export function countPlaces({ rollouts }: Subject): number {
  return rollouts.reduce((places, { batches }) => places + batches, 0);
}

/** Place 0 is the last batch of the newest rollout: its newest wave. */
function readPlace(ledger: Ports["ledger"], { rollouts }: Subject, place: number): Promise<Batch> {
  let left = place;
  for (const { rolloutId, batches } of rollouts) {
    if (left < batches) return ledger.getBatch(rolloutId, batches - 1 - left);
    left -= batches;
  }
  throw new RangeError(`there is no place ${place} in ${rollouts.length} rollouts`);
}
