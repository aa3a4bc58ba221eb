import type { BatchRun, RecordedBatch } from "./batch-run.ts";
import { type FlippingBatch, flipBatch } from "./flip-batch.ts";
import { type PreparedBatch, prepareBatch, withdrawBatch } from "./prepare-batch.ts";

/** Places of batches in the order of the work, from one to another, without it. */
export interface BatchRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Flips batches in order, and gives each as it was recorded, until the stop signal ends it. So that no request in flight is
 * spared for the ledger, the next batch is prepared while the last of this one are flipped, and this one is recorded while
 * the next one is flipped. No more than two are open at a time; one that was prepared for nothing is withdrawn.
 * @throws the error that ended it, after all that is known is recorded
 */
export async function* flipBatches(run: BatchRun, { from, to }: BatchRange): AsyncGenerator<RecordedBatch> {
  const prepare = (place: number) => (place < to && run.stopSignal.mayGoOn() ? prepareNext(run, place) : NOTHING);
  let ahead = prepare(from);
  let flipping: FlippingBatch | undefined;
  for (let place = from; place < to && run.stopSignal.mayGoOn(); place += 1) {
    const prepared = await ahead;
    ahead = NOTHING;
    if (prepared === undefined) break;
    const before = flipping;
    flipping = flipBatch(run, prepared);
    yield* recordedBy(before);
    await flipping.nearlyTaken;
    ahead = prepare(place + 1);
    await flipping.taken;
  }
  yield* recordedBy(flipping);
  await withdraw(run, await ahead);
  run.stopSignal.throwError();
}

type Ahead = Promise<PreparedBatch | undefined>;

const NOTHING: Ahead = Promise.resolve(undefined);

/** Never refused: it is awaited late, and its error ends the flips that are under way. */
async function prepareNext(run: BatchRun, place: number): Ahead {
  try {
    return await prepareBatch(run, place);
  } catch (error) {
    run.stopSignal.fail(error);
    return undefined;
  }
}

async function* recordedBy(flipping: FlippingBatch | undefined): AsyncGenerator<RecordedBatch> {
  const recorded = await flipping?.recorded;
  if (recorded !== undefined) yield recorded;
}

async function withdraw(run: BatchRun, prepared: PreparedBatch | undefined): Promise<void> {
  if (prepared !== undefined) await withdrawBatch(run, prepared).catch(run.stopSignal.fail);
}
