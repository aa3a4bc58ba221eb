import { toReason } from "../rollout/decision.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import { type BatchRun, type RecordedBatch, record } from "./batch-run.ts";
import { inParallel } from "./in-parallel.ts";
import type { PreparedBatch } from "./prepare-batch.ts";

/** A batch whose flips have begun. None of its promises is ever refused: errors are with the brake. */
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
    const { sheet } = prepared;
    run.brake.countFailures(sheet.failures());
    const flippedNow = new Set<string>();
    await inParallel(run, takeUp(), (customer) =>
      run.flights.track(customer.id, flipOne(run, { ...prepared, flippedNow }, customer)),
    );
    nearlyTaken.resolve();
    taken.resolve();
    return finish(run, prepared);
  }

  return { nearlyTaken: nearlyTaken.promise, taken: taken.promise, recorded: flipAll() };
}

interface Flipping extends PreparedBatch {
  /** By this run: an outcome of an earlier one may be long ago. */
  readonly flippedNow: Set<string>;
}

/**
 * Says whether the customer has an outcome then. The lookout is asked before each request, and not only before the first: the
 * lock may be lost while one waits for its turn or its next try.
 */
async function flipOne(run: BatchRun, batch: Flipping, customer: PlannedCustomer): Promise<boolean> {
  const { task, lookout, connection, brake } = run;
  const { work, sheet, flippedNow } = batch;
  const late = await work.settleLate?.(run, customer, flippedNow);
  // Whoever waited for others may come too late.
  if (!brake.mayGoOn()) return false;
  if (late !== undefined) {
    sheet.settle(customer, late.outcome, late.reason);
    brake.countFailures(late.outcome === "failed" ? 1 : 0);
    return true;
  }
  const flipped = await connection.flip({ customerId: customer.id, isStaging: task.flag }, lookout.recent);
  switch (flipped.result) {
    case "flipped":
      sheet.settle(customer, "flipped", flipped.reason);
      flippedNow.add(customer.id);
      return true;
    case "failed":
      if (!flipped.refused) sheet.suspect(customer.id);
      sheet.settle(customer, "failed", flipped.reason);
      brake.countFailures(1);
      return true;
    case "unresolved":
      sheet.doubt(customer.id);
      return false;
    case "not begun":
      return false;
  }
}

async function finish(run: BatchRun, { place, sheet, written }: PreparedBatch): Promise<RecordedBatch | undefined> {
  const stopped = run.brake.stopped();
  if (stopped !== undefined) sheet.skipRest(toReason(stopped));
  try {
    const batch = await record(run, written, sheet, sheet.suspects());
    const left = sheet.left();
    if (left > 0) run.brake.leaveRest();
    return { place, batch, left };
  } catch (error) {
    run.brake.fail(error);
    return undefined;
  }
}
