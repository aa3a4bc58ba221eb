import { type BatchRun, type RecordedBatch, record } from "./batch-run.ts";
import { flipWhileFresh } from "./flip-while-fresh.ts";
import { type PreparedBatch, prepareBatch, withdrawBatch } from "./prepare-batch.ts";

/** Positions of batches in the order of the work. `to` is the first position after the range. */
export interface BatchRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Flips batches in order and yields each batch as recorded, until the stop signal ends the part. The ledger costs no
 * request time: the next batch is prepared during the last flips of this batch, and this batch is recorded during the flips
 * of the next batch. At most two batches are open. A batch that was prepared and not flipped is withdrawn.
 * @throws the error that ended the part, after all outcomes are recorded
 */
export async function* flipBatches(run: BatchRun, { from, to }: BatchRange): AsyncGenerator<RecordedBatch> {
  const prepare = (position: number) =>
    position < to && run.stopSignal.mayBegin() ? prepareNext(run, position) : NOTHING;
  let ahead = prepare(from);
  let flipping: FlippingBatch | undefined;
  for (let position = from; position < to && run.stopSignal.mayBegin(); position += 1) {
    const prepared = await ahead;
    ahead = NOTHING;
    if (prepared === undefined) break;
    const before = flipping;
    flipping = flipBatch(run, prepared);
    yield* recordedBy(before);
    await flipping.nearlySent;
    ahead = prepare(position + 1);
    await flipping.sent;
  }
  yield* recordedBy(flipping);
  await withdraw(run, await ahead);
  run.stopSignal.throwError();
}

type Ahead = Promise<PreparedBatch | undefined>;

const NOTHING: Ahead = Promise.resolve(undefined);

/** Never rejects: its caller awaits it late, and the stop signal takes the error at once. */
async function prepareNext(run: BatchRun, position: number): Ahead {
  try {
    return await prepareBatch(run, position);
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

/** A batch whose flips have begun. None of its promises rejects: the stop signal takes the errors. */
interface FlippingBatch {
  /** A second's flips are left: time to prepare the next batch, late, so that its readings are fresh. */
  readonly nearlySent: Promise<void>;
  /** No customer waits for its turn: the last flips are in flight. */
  readonly sent: Promise<void>;
  /** The recorded batch; undefined when it could not be written. */
  readonly recorded: Promise<RecordedBatch | undefined>;
}

/** Flips a prepared batch. It records all known outcomes, also after an early end. */
function flipBatch(run: BatchRun, prepared: PreparedBatch): FlippingBatch {
  const nearlySent = Promise.withResolvers<void>();
  const sent = Promise.withResolvers<void>();
  const unsent = new Set(prepared.fresh.customers.map(({ id }) => id));

  function countSent(customerId: string): void {
    unsent.delete(customerId);
    if (unsent.size <= run.connection.pace().perSecond) nearlySent.resolve();
    if (unsent.size === 0) sent.resolve();
  }

  async function flipAll(): Promise<RecordedBatch | undefined> {
    run.guard.countFailures(prepared.tracker.failures());
    await flipWhileFresh(run, prepared, countSent).catch(run.stopSignal.fail);
    nearlySent.resolve();
    sent.resolve();
    return finish(run, prepared);
  }

  return { nearlySent: nearlySent.promise, sent: sent.promise, recorded: flipAll() };
}

async function finish(
  run: BatchRun,
  { position, tracker, written }: PreparedBatch,
): Promise<RecordedBatch | undefined> {
  const stopped = run.stopSignal.stopped();
  if (stopped !== undefined) tracker.skipRemaining(stopped.reasons);
  try {
    const batch = await record(run, written, tracker, tracker.inDoubt());
    const left = tracker.left();
    if (left > 0) run.stopSignal.end();
    return { position, batch, left };
  } catch (error) {
    run.stopSignal.fail(error);
    return undefined;
  }
}
