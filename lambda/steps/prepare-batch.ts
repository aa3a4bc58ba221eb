import type { Batch } from "../rollout/batch.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import { type BatchRun, record, type Work } from "./batch-run.ts";
import { unlessOutOfTime } from "./part.ts";
import { type Readings, readAfresh } from "./read-afresh.ts";
import { openSheet, type Sheet } from "./sheet.ts";

/** A batch whose flips may begin: their intention is in the ledger. */
export interface PreparedBatch {
  readonly place: number;
  readonly work: Work;
  readonly written: Batch;
  readonly sheet: Sheet;
  readonly flips: readonly PlannedCustomer[];
}

/**
 * Write ahead: reads the customers afresh, settles those that need no flip, records the rest as intended. The controls
 * are read last of all, so that they are as new as can be when the first flip begins. Nothing comes of it when they put
 * on the brake.
 * @throws what ends the whole rollout: a lost lock, a refused sign-in, a ledger that cannot be written
 */
export async function prepareBatch(run: BatchRun, place: number): Promise<PreparedBatch | undefined> {
  const batch = await run.task.read(place);
  const work = run.task.open(batch);
  const sheet = openSheet(work);
  const readings = await readAfresh(run, sheet.open);
  const intended = settleWithoutFlip(work, sheet, (await work.kin?.lookAround(run, readings)) ?? readings);
  const written = await record(run, batch, sheet, [...sheet.suspects(), ...intended.map(({ id }) => id)]);
  const prepared = { place, work, written, sheet };
  const whyProtected = await readProtected(run).catch(async (error: unknown) => {
    // What cannot be withdrawn either is resumed like after a crash; why it ends is what came first.
    await withdrawBatch(run, prepared).catch(() => undefined);
    throw error;
  });
  if (whyProtected !== undefined) return { ...prepared, flips: settleProtected(sheet, intended, whyProtected) };
  // Once only: a withdrawal whose reply was lost would be taken for that of another worker.
  await withdrawBatch(run, prepared);
  return undefined;
}

/** Who is not flipped because of controls, and why; undefined when nothing is to begin. */
async function readProtected({
  lookout,
  protection,
  brake,
}: BatchRun): Promise<ReadonlyMap<string, string> | undefined> {
  const { protectedIds } = await lookout.look();
  if (brake.stopped() !== undefined || brake.isHeld()) return undefined;
  const whyProtected = await unlessOutOfTime(protection.read(protectedIds));
  if (whyProtected === undefined) brake.leaveRest();
  return whyProtected;
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
  whyProtected: ReadonlyMap<string, string>,
): readonly PlannedCustomer[] {
  return intended.filter((customer) => {
    const why = whyProtected.get(customer.id);
    if (why !== undefined) sheet.settle(customer, "skipped", why);
    return why === undefined;
  });
}
