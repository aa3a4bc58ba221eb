import { wantedFlag } from "../../contract/deploy-event.ts";
import type { Outcome } from "../../core/flip/outcome.ts";
import { createJudge, toSelection } from "../../core/lookup/selection.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import {
  findRestorable,
  isWorthAnotherLook,
  settleBeforeRollback,
} from "../../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Task } from "../flip/batch-run.ts";
import type { Ports } from "../ports.ts";
import type { LaterRollouts } from "./later-rollouts.ts";

export interface RollbackTask {
  /** The rollout that rolls back; it may roll itself back. */
  readonly by: string;
  /** Absent where no customer is restored: only the ledger is read, or what was restored is verified. */
  readonly later?: LaterRollouts | undefined;
}

/** Restores customers, and records each result beside the outcome of the flip. */
export function createRollbackTask(
  { ledger, policy }: Ports,
  source: SourceRollouts,
  { by, later }: RollbackTask,
): Task {
  const judge = createJudge(toSelection({ targets: [{ all: true }] }, policy));
  return {
    flag: !wantedFlag(source.action),
    read: (position) => readAt(ledger, source, position),
    open(batch) {
      const begun = new Set(batch.restoring);
      return {
        customers: findRestorable(batch),
        outcomes: batch.rollback.filter(
          (one) => one.outcome !== "failed" && (batch.rolledBackBy === by || !isWorthAnotherLook(one)),
        ),
        intended: batch.restoring,
        settle: (customer, fresh) =>
          settleBeforeRollback({
            customer,
            fresh,
            judge,
            restoring: begun.has(customer.id),
            movedLaterBy: later?.movedLaterBy(batch.rolloutId, customer.id),
          }),
      };
    },
    recorded: ({ rollback, restoring }) => ({ outcomes: rollback, intended: restoring }),
    close: (batch, { outcomes, intended }) => ({
      ...batch,
      rollback: outcomes.map(toRollbackResult),
      restoring: intended,
      rolledBackBy: by,
    }),
  };
}

/** A customer that was not attempted is no conflict: a rollback that is sent again restores it. */
function toRollbackResult(outcome: Outcome): Outcome {
  return outcome.reason.code === "not-attempted" ? { ...outcome, outcome: "failed" } : outcome;
}

/** When a rollback ends early, gives each customer of this batch that was not tried a result. */
export function nameNotRestored(batch: Batch, why: readonly Reason[]): Batch {
  const known = new Set(batch.rollback.map(({ customerId }) => customerId));
  const begun = new Set(batch.restoring);
  const notTried = findRestorable(batch).filter(({ id }) => !known.has(id));
  const named = notTried.map(
    ({ id, name }): Outcome => ({
      customerId: id,
      name,
      outcome: "failed",
      reason: { code: begun.has(id) ? "may-be-restored" : "not-attempted", why },
    }),
  );
  return named.length === 0 ? batch : { ...batch, rollback: [...batch.rollback, ...named] };
}

/** How many batches the rollback restores. */
export function countBatches({ rollouts }: SourceRollouts): number {
  return rollouts.reduce((total, { batches }) => total + batches, 0);
}

/** Place 0 is the last batch of the newest rollout: its newest wave. */
function readAt(ledger: Ports["ledger"], { rollouts }: SourceRollouts, position: number): Promise<Batch> {
  let left = position;
  for (const { rolloutId, batches } of rollouts) {
    if (left < batches) return ledger.getBatch(rolloutId, batches - 1 - left);
    left -= batches;
  }
  throw new RangeError(`there is no position ${position} in ${rollouts.length} rollouts`);
}
