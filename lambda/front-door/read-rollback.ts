import { createOutcomeSummary } from "../core/report/outcome-summary.ts";
import { type Exception, toRollbackException } from "../core/report/report.ts";
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
  const { add, summary } = createOutcomeSummary();
  for (const rolloutId of rolloutIds) {
    for await (const batch of readBatches(rolloutId)) {
      isBegun ||= batch.rollback.length > 0;
      counts = addRollbackCounts(counts, countRollback(batch));
      add(batch.rollback);
    }
  }
  return { isBegun, counts, exceptions: summary().exceptions.map(toRollbackException) };
}
