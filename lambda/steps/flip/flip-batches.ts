import { isInDoubt } from "../../core/flip/outcome.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import type { Reason } from "../../core/reasons.ts";
import { type BatchRun, inParallel, type RecordedBatch, record } from "./batch-run.ts";
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
    await flipping.nearlyTaken;
    ahead = prepare(position + 1);
    await flipping.taken;
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
  /** Few customers are waiting: time to prepare the next batch. */
  readonly nearlyTaken: Promise<void>;
  /** No customer is waiting: the last flips are in flight. */
  readonly taken: Promise<void>;
  /** The recorded batch; undefined when it could not be written. */
  readonly recorded: Promise<RecordedBatch | undefined>;
}

/**
 * The next batch is prepared when so many customers for each request in flight are waiting in this batch: late, so that its
 * readings are fresh, and early enough that no request waits for it.
 */
const LEFT_FOR_EACH_IN_FLIGHT = 4;

/** Flips a prepared batch. It records all known outcomes, also after an early end. */
function flipBatch(run: BatchRun, prepared: PreparedBatch): FlippingBatch {
  const nearlyTaken = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();

  function* takeUp(): Generator<PlannedCustomer> {
    let left = prepared.flips.length;
    for (const customer of prepared.flips) {
      if (left <= run.concurrency * LEFT_FOR_EACH_IN_FLIGHT) nearlyTaken.resolve();
      left -= 1;
      if (left === 0) taken.resolve();
      yield customer;
    }
  }

  async function flipAll(): Promise<RecordedBatch | undefined> {
    const { tracker } = prepared;
    run.guard.countFailures(tracker.failures());
    await inParallel(run, takeUp(), (customer) => flipOne(run, prepared, customer));
    nearlyTaken.resolve();
    taken.resolve();
    return finish(run, prepared);
  }

  return { nearlyTaken: nearlyTaken.promise, taken: taken.promise, recorded: flipAll() };
}

/**
 * The guard is asked before each request, and not only before the first: the lock may be lost while a flip waits for its
 * turn or its next try.
 */
async function flipOne(run: BatchRun, { tracker }: PreparedBatch, customer: PlannedCustomer): Promise<void> {
  const { task, guard, connection } = run;
  const flipped = await connection.flip({ customerId: customer.id, isStaging: task.flag }, guard.assertFresh);
  switch (flipped.result) {
    case "flipped":
      return tracker.settle(customer, "flipped", flipped.reason);
    case "failed":
      tracker.settle(customer, "failed", tracker.wasIntended(customer.id) ? withDoubt(flipped.reason) : flipped.reason);
      return guard.countFailures(1);
    case "unresolved":
      return tracker.markInDoubt(customer.id);
    case "not begun":
      return;
  }
}

/** This flip was refused, and an earlier run may have sent another. */
function withDoubt(why: Reason): Reason {
  return isInDoubt({ outcome: "failed", reason: why }) ? why : { code: "may-be-flipped", why };
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
