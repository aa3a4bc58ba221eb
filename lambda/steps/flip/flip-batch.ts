import { toReason } from "../../core/gate/decision.ts";
import type { PlannedCustomer } from "../../core/plan/plan.ts";
import { type BatchRun, type RecordedBatch, record } from "./batch-run.ts";
import { inParallel } from "./in-parallel.ts";
import type { PreparedBatch } from "./prepare-batch.ts";

/** A batch whose flips have begun. None of its promises is ever refused: the stop signal has the errors. */
export interface FlippingBatch {
  /** Few are left to be taken up: time to prepare the next batch. */
  readonly nearlyTaken: Promise<void>;
  /** Nobody is left to be taken up; the last flips are in flight. */
  readonly taken: Promise<void>;
  /** What the ledger holds in the end; undefined when it could not be written. */
  readonly recorded: Promise<RecordedBatch | undefined>;
}

/**
 * The next batch is prepared when so many flips for each request in flight are left in this one: late, so that its
 * readings are hardly older than without it, and early enough that nobody waits for it.
 */
const LEFT_FOR_EACH_IN_FLIGHT = 4;

/** Flips a prepared batch and records what came. Whatever ends it early, all that is known is recorded. */
export function flipBatch(run: BatchRun, prepared: PreparedBatch): FlippingBatch {
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
      if (!flipped.refused) tracker.markUncertain(customer.id);
      tracker.settle(customer, "failed", flipped.reason);
      return guard.countFailures(1);
    case "unresolved":
      return tracker.markInDoubt(customer.id);
    case "not begun":
      return;
  }
}

async function finish(run: BatchRun, { place, tracker, written }: PreparedBatch): Promise<RecordedBatch | undefined> {
  const stopped = run.stopSignal.stopped();
  if (stopped !== undefined) tracker.skipRemaining(toReason(stopped));
  try {
    const batch = await record(run, written, tracker, tracker.uncertain());
    const left = tracker.left();
    if (left > 0) run.stopSignal.skipRemaining();
    return { place, batch, left };
  } catch (error) {
    run.stopSignal.fail(error);
    return undefined;
  }
}
