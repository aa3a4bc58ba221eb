import type { Outcome } from "../core/flip/outcome.ts";
import { isException, MOST_EXCEPTIONS } from "../core/report/report.ts";
import { addRollbackCounts, asNotRestored, countRollback, NO_ROLLBACK_COUNTS, type RollbackCounts } from "../core/rollback/settle-before-rollback.ts";
import type { FrontDoorPorts } from "./ports.ts";

/** What has become of those whom some rollouts flipped, now that these are turned back, or about to be. */
export interface RollbackSoFar {
  /** Whether anybody of them has been come to. */
  readonly isBegun: boolean;
  readonly counts: RollbackCounts;
  /** Some who are left, as far as it is known why, then some who were left alone. */
  readonly exceptions: readonly Outcome[];
}

/** Reads it from all their batches, as the report of a rollback does. */
export async function readRollback(
  { readBatches }: Pick<FrontDoorPorts["ledger"], "readBatches">,
  rolloutIds: readonly string[],
): Promise<RollbackSoFar> {
  let isBegun = false;
  let counts = NO_ROLLBACK_COUNTS;
  const left: Outcome[] = [];
  const alone: Outcome[] = [];
  for (const rolloutId of rolloutIds) {
    for await (const batch of readBatches(rolloutId)) {
      isBegun ||= batch.rollback.length > 0;
      counts = addRollbackCounts(counts, countRollback(batch));
      for (const outcome of batch.rollback.filter(isException)) {
        const named = outcome.outcome === "failed" ? left : alone;
        if (named.length < MOST_EXCEPTIONS) named.push(asNotRestored(outcome));
      }
    }
  }
  return { isBegun, counts, exceptions: [...left, ...alone].slice(0, MOST_EXCEPTIONS) };
}
