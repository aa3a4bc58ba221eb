import { toReason } from "../rollout/decision.ts";
import { OutOfTimeError } from "../rollout/out-of-time-error.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import { type BatchRun, type RecordedBatch, record, type WorkKin } from "./batch-run.ts";
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
    await inParallel(run, takeUp(), (customer) =>
      run.flights.track(customer.id, () => flipOne(run, prepared, customer)),
    );
    nearlyTaken.resolve();
    taken.resolve();
    return finish(run, prepared);
  }

  return { nearlyTaken: nearlyTaken.promise, taken: taken.promise, recorded: flipAll() };
}

/** A pace at which every list is old before the next request begins must not keep a flip from its turn for ever. */
const MOST_LOOKS = 2;

/**
 * Says whether the customer has an outcome then. The lookout is asked before each request, and not only before the first:
 * the lock may be lost while one waits for its turn or its next try. So is the age of what is known of its family, until
 * a request was made that may have flipped it: that one has to come to its end.
 */
async function flipOne(run: BatchRun, batch: PreparedBatch, customer: PlannedCustomer, looks = 1): Promise<boolean> {
  const { task, lookout, connection, brake } = run;
  const { work, sheet } = batch;
  const late = await work.kin?.settleLate(run, customer);
  // Whoever waited for others may come too late.
  if (!brake.mayGoOn()) return false;
  if (late !== undefined) {
    sheet.settle(customer, late.outcome, late.reason);
    brake.countFailures(late.outcome === "failed" ? 1 : 0);
    return true;
  }
  let looksAgain = false;
  const flipped = await connection.flip({ customerId: customer.id, isStaging: task.flag }, async (isBegun) => {
    await lookout.recent();
    looksAgain = !isBegun && work.kin !== undefined && !mayBegin(work.kin, customer, looks);
    if (looksAgain) throw new OutOfTimeError("who is below has to be looked at again");
  });
  switch (flipped.result) {
    case "flipped":
      sheet.settle(customer, "flipped", flipped.reason);
      work.kin?.noteFlipped(customer.id);
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
      return looksAgain && flipOne(run, batch, customer, looks + 1);
  }
}

function mayBegin(kin: WorkKin, { id }: PlannedCustomer, looks: number): boolean {
  return kin.isClear(id) && (looks >= MOST_LOOKS || kin.isRecent(id));
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
