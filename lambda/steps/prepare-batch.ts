import { settleBeforeFlip } from "../rollout/flip.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Batch } from "../rollout/records.ts";
import { type BatchRun, record } from "./batch-run.ts";
import { type Readings, readAfresh } from "./read-afresh.ts";
import { openSheet, type Sheet } from "./sheet.ts";

/** A batch whose flips may begin: their intention is in the ledger. */
export interface PreparedBatch {
  readonly written: Batch;
  readonly sheet: Sheet;
  readonly flips: readonly PlannedCustomer[];
}

/**
 * Write ahead: reads the customers afresh, settles those that need no flip, records the rest as intended. The orders
 * are read last of all, so that they are as new as can be when the first flip begins.
 * @throws what ends the whole rollout: a lost lock, a refused sign-in, a ledger that cannot be written
 */
export async function prepareBatch(run: BatchRun, batch: Batch): Promise<PreparedBatch> {
  const sheet = openSheet(batch);
  const readings = await readAfresh(run, sheet.open);
  const flips = settleWithoutFlip(run, batch, sheet, readings);
  const written = await record(run, batch, sheet, [...sheet.doubtful(), ...flips.map(({ id }) => id)]);
  const prepared = { written, sheet, flips };
  try {
    await run.lockCheck.now();
    return prepared;
  } catch (error) {
    await withdrawBatch(run, prepared);
    throw error;
  }
}

/** Nobody of a prepared batch was begun, so nobody is intended any more but who was before. */
export async function withdrawBatch(run: BatchRun, { written, sheet }: PreparedBatch): Promise<void> {
  await record(run, written, sheet, sheet.doubtful());
}

/** Settles who needs no flip; returns who is to be flipped now. */
function settleWithoutFlip(
  { wantedFlag, judge }: BatchRun,
  batch: Batch,
  sheet: Sheet,
  readings: Readings,
): readonly PlannedCustomer[] {
  const intendedBefore = new Set(batch.intended);
  return sheet.open.filter((planned) => {
    const fresh = readings.get(planned.id);
    const intended = intendedBefore.has(planned.id);
    if (fresh === undefined) {
      if (intended) sheet.doubt(planned.id);
      return false;
    }
    const settled = settleBeforeFlip({ planned, fresh, wantedFlag, intended, judge });
    if (settled !== undefined) sheet.settle(planned, settled.outcome, settled.reason);
    return settled === undefined;
  });
}
