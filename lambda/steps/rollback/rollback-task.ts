import { wantedFlag } from "../../contract/deploy-event.ts";
import { isInDoubt, type Outcome } from "../../core/flip/outcome.ts";
import { createJudge, toSelection } from "../../core/lookup/selection.ts";
import type { Batch } from "../../core/plan/plan.ts";
import {
  findRestorable,
  mayBeRestoredLater,
  settleBeforeRollback,
} from "../../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Task } from "../flip/batch-run.ts";
import type { Ports } from "../ports.ts";
import type { LaterRollouts } from "./later-rollouts.ts";

export interface RollbackTask {
  /** The rollout that rolls back; it may roll itself back. */
  readonly by: string;
  /** Absent where no customer is restored: then only what was restored is read again. */
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
      const begun = new Set([...batch.restoring, ...batch.rollback.filter(isInDoubt).map((one) => one.customerId)]);
      const moverOf = (customerId: string) => later?.movedLaterBy(batch.rolloutId, customerId);
      return {
        customers: findRestorable(batch),
        outcomes: batch.rollback.filter((one) => {
          if (one.outcome === "flipped") return moverOf(one.customerId) === undefined;
          return one.outcome !== "failed" && (batch.rolledBackBy === by || !mayBeRestoredLater(one));
        }),
        intended: batch.restoring,
        settle: (customer, fresh) =>
          settleBeforeRollback({
            customer,
            fresh,
            judge,
            restoring: begun.has(customer.id),
            movedLaterBy: moverOf(customer.id),
            isInNewerSource: later?.isInNewerSource(batch.rolloutId, customer.id),
          }),
      };
    },
    recorded: ({ rollback, restoring }) => ({ outcomes: rollback, intended: restoring }),
    toDoubt: (why) => ({ code: "may-be-restored", why }),
    close: (batch, { outcomes, intended }) => ({
      ...batch,
      rollback: outcomes.map(failNotAttempted),
      restoring: intended,
      rolledBackBy: by,
    }),
  };
}

/** A customer that was not attempted is no conflict: a rollback that is sent again restores it. */
function failNotAttempted(outcome: Outcome): Outcome {
  return outcome.reason.code === "not-attempted" ? { ...outcome, outcome: "failed" } : outcome;
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
