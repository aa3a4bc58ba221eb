import { type Exception, isException, MOST_EXCEPTIONS, toRollbackException } from "../core/report/report.ts";
import {
  addRollbackCounts,
  countRollback,
  NO_ROLLBACK_COUNTS,
  type RollbackCounts,
} from "../core/rollback/settle-before-rollback.ts";
import type { FrontDoorPorts } from "./ports.ts";

/** What has become of the customers of some rollouts that are being rolled back, or will be. */
export interface RollbackSoFar {
  /** Whether the rollback has attempted a customer. */
  readonly isBegun: boolean;
  readonly counts: RollbackCounts;
  /** Some customers that could not be restored, then some that were left as they are. */
  readonly exceptions: readonly Exception[];
}

/** Counts the outcomes in all batches, as the report of a rollback does. */
export async function readRollback(
  { readBatches }: Pick<FrontDoorPorts["ledger"], "readBatches">,
  rolloutIds: readonly string[],
): Promise<RollbackSoFar> {
  let isBegun = false;
  let counts = NO_ROLLBACK_COUNTS;
  const left: Exception[] = [];
  const alone: Exception[] = [];
  for (const rolloutId of rolloutIds) {
    for await (const batch of readBatches(rolloutId)) {
      isBegun ||= batch.rollback.length > 0;
      counts = addRollbackCounts(counts, countRollback(batch));
      for (const outcome of batch.rollback.filter(isException)) {
        const named = outcome.outcome === "failed" ? left : alone;
        if (named.length < MOST_EXCEPTIONS) named.push(toRollbackException(outcome));
      }
    }
  }
  return { isBegun, counts, exceptions: [...left, ...alone].slice(0, MOST_EXCEPTIONS) };
}
