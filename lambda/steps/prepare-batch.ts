import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Batch } from "../rollout/records.ts";
import { type BatchRun, record, type Work } from "./batch-run.ts";
import { type Readings, readAfresh } from "./read-afresh.ts";
import { openSheet, type Sheet } from "./sheet.ts";

/** A batch whose flips may begin: their intention is in the ledger. */
export interface PreparedBatch {
  readonly place: number;
  readonly written: Batch;
  readonly sheet: Sheet;
  readonly flips: readonly PlannedCustomer[];
}

/**
 * Write ahead: reads the customers afresh, settles those that need no flip, records the rest as intended. The orders
 * are read last of all, so that they are as new as can be when the first flip begins. Nothing comes of it when they put
 * on the brake.
 * @throws what ends the whole rollout: a lost lock, a refused sign-in, a ledger that cannot be written
 */
export async function prepareBatch(run: BatchRun, place: number): Promise<PreparedBatch | undefined> {
  const batch = await run.task.read(place);
  const work = run.task.open(batch);
  const sheet = openSheet(work);
  const intended = settleWithoutFlip(work, sheet, await readAfresh(run, sheet.open));
  const written = await record(run, batch, sheet, [...sheet.suspects(), ...intended.map(({ id }) => id)]);
  const prepared = { place, written, sheet };
  const { protectedIds } = await run.lookout.look().catch(async (error: unknown) => {
    await withdrawBatch(run, prepared);
    throw error;
  });
  const isOrderedOff = run.brake.stopped() !== undefined || run.brake.isHeld();
  if (!isOrderedOff) return { ...prepared, flips: settleProtected(sheet, intended, protectedIds) };
  // Once only: a withdrawal whose reply was lost would be taken for that of another worker.
  await withdrawBatch(run, prepared);
  return undefined;
}

/** Nobody of a prepared batch was begun, so nobody is intended any more but who was before and may have been flipped. */
export async function withdrawBatch(
  run: BatchRun,
  { written, sheet }: Pick<PreparedBatch, "written" | "sheet">,
): Promise<void> {
  await record(run, written, sheet, sheet.suspects());
}

/** Settles who needs no flip; returns who is to be flipped now. */
function settleWithoutFlip(work: Work, sheet: Sheet, readings: Readings): readonly PlannedCustomer[] {
  return sheet.open.filter((customer) => {
    const fresh = readings.get(customer.id);
    if (fresh === undefined) {
      if (sheet.wasIntended(customer.id)) sheet.doubt(customer.id);
      return false;
    }
    const settled = work.settle(customer, fresh);
    if (settled !== undefined) sheet.settle(customer, settled.outcome, settled.reason);
    return settled === undefined;
  });
}

function settleProtected(
  sheet: Sheet,
  intended: readonly PlannedCustomer[],
  protectedIds: readonly string[],
): readonly PlannedCustomer[] {
  const isProtected = new Set(protectedIds);
  return intended.filter((customer) => {
    if (!isProtected.has(customer.id)) return true;
    sheet.settle(customer, "skipped", "protected by a standing order");
    return false;
  });
}
