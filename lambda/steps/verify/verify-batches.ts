import { isInDoubt, type Outcome } from "../../core/flip/outcome.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import { isWorthAnotherTry, verifyOutcome } from "../../core/verify/verify-outcome.ts";
import type { BatchRun, Task, Work } from "../flip/batch-run.ts";
import type { BatchRange } from "../flip/flip-batches.ts";
import { flipWhileFresh } from "../flip/flip-while-fresh.ts";
import type { ParallelLimits } from "../flip/in-parallel.ts";
import { trackOutcomes } from "../flip/outcome-tracker.ts";
import { type FreshCustomers, type Readings, readAfresh } from "../flip/prepare-batch.ts";
import type { Connection } from "../ports.ts";

/** A batch as the ledger holds it after its verification. */
export interface VerifiedBatch {
  readonly position: number;
  readonly batch: Batch;
  /** How many customers the flag was sent to once more: they are to be read again after the settle time. */
  readonly sent: number;
}

/**
 * Reads every customer again to which a request was sent, many with one request, and corrects its outcome in the
 * ledger. Gives batch by batch, until the time budget ends or the guard stops the work.
 * @throws the error that ended it: a lost lock, a refused sign-in, a ledger that cannot be written
 */
export async function* verifyBatches(
  run: BatchRun,
  { from, to }: BatchRange,
  maySend: boolean,
): AsyncGenerator<VerifiedBatch> {
  for (let position = from; position < to && run.stopSignal.mayBegin(); position += 1) {
    const verified = await verifyBatch(run, position, maySend);
    run.stopSignal.throwError();
    if (verified === undefined) return;
    yield verified;
  }
}

/** Undefined when the time was over before every customer was read and sent to. */
async function verifyBatch(run: BatchRun, position: number, maySend: boolean): Promise<VerifiedBatch | undefined> {
  const { task, ledger, guard, stopSignal } = run;
  const batch = await task.read(position);
  const { outcomes, intended } = task.recorded(batch);
  const seen = await readAgain(run, outcomes);
  const readAtMs = run.nowMs();
  // Read last of all, so that a protection is as new as can be when a flag is sent.
  const { protectedIds } = await guard.refresh();
  if (seen === undefined || !stopSignal.mayBegin()) return undefined;
  const isChanged = seen.outcomes.some((outcome, place) => outcome !== outcomes[place]);
  const recorded = isChanged ? await ledger.recordBatch(task.close(batch, { ...seen, intended })) : batch;
  const work = task.open(recorded);
  const customers = maySend ? findUnapplied(work, seen).filter(({ id }) => !protectedIds.includes(id)) : [];
  if (!(await sendAgain(run, work, { customers, readAtMs }))) return undefined;
  return { position, batch: recorded, sent: customers.length };
}

interface Seen {
  /** Of every customer, corrected where a reading shows something else. */
  readonly outcomes: readonly Outcome[];
  readonly readings: Readings;
}

/** Reads the customers that may have been flipped. Undefined when the time was over first. */
export async function readAgain(
  run: ParallelLimits & { readonly connection: Connection; readonly task: Pick<Task, "flag"> },
  outcomes: readonly Outcome[],
): Promise<Seen | undefined> {
  const asked = outcomes.filter((one) => one.outcome === "flipped" || isInDoubt(one));
  const readings = await readAfresh(
    run,
    asked.map(({ customerId: id, name }) => ({ id, name })),
  );
  if (readings.size < asked.length) return undefined;
  const { flag } = run.task;
  const seen = outcomes.map((outcome) => {
    const reading = readings.get(outcome.customerId);
    return reading === undefined ? outcome : verifyOutcome({ outcome, reading, flag });
  });
  return { outcomes: seen, readings };
}

/** The flag is sent once more by the rules of the first request: not to a customer that is protected or deselected now. */
function findUnapplied({ settle }: Work, { outcomes, readings }: Seen): readonly PlannedCustomer[] {
  return outcomes.filter(isWorthAnotherTry).flatMap(({ customerId: id, name }) => {
    const reading = readings.get(id);
    const isDue = reading?.reading === "found" && settle({ id, name }, reading) === undefined;
    return isDue ? { id, name } : [];
  });
}

/** What the flip answers does not matter, nor does it count: the next reading decides. False when the time was over first. */
async function sendAgain(run: BatchRun, work: Work, fresh: FreshCustomers): Promise<boolean> {
  const tracker = trackOutcomes({ customers: fresh.customers, outcomes: [], intended: [] });
  const guard = { ...run.guard, countFailures: () => undefined };
  await flipWhileFresh({ ...run, guard }, { work, tracker, fresh }, () => undefined);
  return tracker.left() === tracker.inDoubt().length;
}
