import { isInDoubt, type Outcome } from "../../core/flip/outcome.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import { isWorthAnotherTry, verifyOutcome } from "../../core/verify/verify-outcome.ts";
import { type BatchRun, type Crew, inParallel, type Task } from "../flip/batch-run.ts";
import type { BatchRange } from "../flip/flip-batches.ts";
import { type Readings, readAfresh } from "../flip/prepare-batch.ts";
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
  // Read last of all, so that a protection is as new as can be when a flag is sent.
  const { protectedIds } = await guard.refresh();
  if (seen === undefined || !stopSignal.mayBegin()) return undefined;
  const isChanged = seen.outcomes.some((outcome, place) => outcome !== outcomes[place]);
  const recorded = isChanged ? await ledger.recordBatch(task.close(batch, { ...seen, intended })) : batch;
  const again = maySend ? findUnapplied(task, recorded, seen).filter(({ id }) => !protectedIds.includes(id)) : [];
  if (!(await sendAgain(run, again))) return undefined;
  return { position, batch: recorded, sent: again.length };
}

interface Seen {
  /** Of every customer, corrected where a reading shows something else. */
  readonly outcomes: readonly Outcome[];
  readonly readings: Readings;
}

/** Reads the customers that may have been flipped. Undefined when the time was over first. */
export async function readAgain(
  run: Crew & { readonly connection: Connection; readonly task: Pick<Task, "flag"> },
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
function findUnapplied(task: Task, batch: Batch, { outcomes, readings }: Seen): readonly PlannedCustomer[] {
  const { settle } = task.open(batch);
  return outcomes.filter(isWorthAnotherTry).flatMap(({ customerId: id, name }) => {
    const reading = readings.get(id);
    const isDue = reading?.reading === "found" && settle({ id, name }, reading) === undefined;
    return isDue ? { id, name } : [];
  });
}

/** What the flip answers does not matter: the next reading decides. False when the time was over first. */
async function sendAgain(run: BatchRun, customers: readonly PlannedCustomer[]): Promise<boolean> {
  const { connection, guard, task } = run;
  let sent = 0;
  await inParallel(run, customers, async ({ id: customerId }) => {
    const { result } = await connection.flip({ customerId, isStaging: task.flag }, guard.assertFresh);
    if (result !== "not begun") sent += 1;
  });
  return sent === customers.length;
}
