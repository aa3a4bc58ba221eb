import type { Outcome } from "../rollout/outcome.ts";
import { isException, MOST_EXCEPTIONS } from "../rollout/report.ts";
import { addReverts, asLeft, countReverts, NO_REVERTS, type RevertCounts } from "../rollout/revert.ts";
import type { FrontDoorPorts } from "./ports.ts";

/** What has become of the customers of some rollouts that are being rolled back, or will be. */
export interface RollbackSoFar {
  /** Whether the rollback has attempted a customer. */
  readonly isBegun: boolean;
  readonly counts: RevertCounts;
  /** Some customers that could not be restored, then some that were left as they are. */
  readonly exceptions: readonly Outcome[];
}

/** Counts the outcomes in all batches, as the report of a rollback does. */
export async function readRollback(
  { readBatches }: Pick<FrontDoorPorts["ledger"], "readBatches">,
  rolloutIds: readonly string[],
): Promise<RollbackSoFar> {
  let isBegun = false;
  let counts = NO_REVERTS;
  const left: Outcome[] = [];
  const alone: Outcome[] = [];
  for (const rolloutId of rolloutIds) {
    for await (const batch of readBatches(rolloutId)) {
      isBegun ||= batch.reverted.length > 0;
      counts = addReverts(counts, countReverts(batch));
      for (const outcome of batch.reverted.filter(isException)) {
        const named = outcome.outcome === "failed" ? left : alone;
        if (named.length < MOST_EXCEPTIONS) named.push(asLeft(outcome));
      }
    }
  }
  return { isBegun, counts, exceptions: [...left, ...alone].slice(0, MOST_EXCEPTIONS) };
}
