import type { Outcome } from "../../core/flip/outcome.ts";
import type { Batch } from "../../core/plan/plan.ts";
import { verifyOutcome } from "../../core/verify/verify-outcome.ts";
import { type BatchRun, inParallel } from "../flip/batch-run.ts";
import type { BatchRange } from "../flip/flip-batches.ts";
import { readAfresh } from "../flip/prepare-batch.ts";

/** A batch as the ledger holds it after its verification. */
export interface VerifiedBatch {
  readonly position: number;
  readonly batch: Batch;
  /** How many customers the flag was sent to once more: they are to be read again after the settle time. */
  readonly sent: number;
}

/**
 * Reads every customer again to which a request was sent, a hundred with one request, and corrects its outcome in the
 * ledger. Gives batch by batch, until the time budget ends or the guard stops the work.
 * @throws the error that ended it: a lost lock, a refused sign-in, a ledger that cannot be written
 */
export async function* verifyBatches(
  run: BatchRun,
  { from, to }: BatchRange,
  maySend: boolean,
): AsyncGenerator<VerifiedBatch> {
  for (let position = from; position < to && run.stopSignal.mayBegin(); position += 1) {
    await run.guard.refresh();
    if (!run.stopSignal.mayBegin()) break;
    const verified = await verifyBatch(run, position, maySend);
    run.stopSignal.throwError();
    if (verified === undefined) return;
    yield verified;
  }
}

/** Undefined when the time was over before every customer was read and sent to. */
async function verifyBatch(run: BatchRun, position: number, maySend: boolean): Promise<VerifiedBatch | undefined> {
  const { task, ledger } = run;
  const batch = await task.read(position);
  const { outcomes, intended } = task.recorded(batch);
  const inDoubt = new Set(intended);
  const asked = outcomes.filter(
    ({ outcome, customerId }) => outcome === "flipped" || (outcome === "failed" && inDoubt.has(customerId)),
  );
  const readings = await readAfresh(
    run,
    asked.map(({ customerId: id, name }) => ({ id, name })),
  );
  if (readings.size < asked.length) return undefined;
  const verified = new Map<string, Outcome>();
  const again: string[] = [];
  for (const outcome of asked) {
    const reading = readings.get(outcome.customerId);
    if (reading === undefined) continue;
    const settled = verifyOutcome({ outcome, reading, flag: task.flag, maySend });
    if (settled === undefined) again.push(outcome.customerId);
    else if (settled !== outcome) verified.set(outcome.customerId, settled);
  }
  if (!(await sendAgain(run, again))) return undefined;
  if (verified.size === 0) return { position, batch, sent: again.length };
  const corrected = outcomes.map((outcome) => verified.get(outcome.customerId) ?? outcome);
  const stillInDoubt = intended.filter((id) => verified.get(id)?.outcome !== "flipped");
  const failed = [...verified.values()].flatMap(({ outcome, customerId }) => (outcome === "failed" ? customerId : []));
  const doubts = [...new Set([...stillInDoubt, ...failed])];
  const recorded = await ledger.recordBatch(task.close(batch, { outcomes: corrected, intended: doubts }));
  return { position, batch: recorded, sent: again.length };
}

/** What the flip answers does not matter: the next reading decides. False when the time was over first. */
async function sendAgain(run: BatchRun, customerIds: readonly string[]): Promise<boolean> {
  const { connection, guard, task } = run;
  let sent = 0;
  await inParallel(run, customerIds, async (customerId) => {
    await connection.flip({ customerId, isStaging: task.flag }, guard.assertFresh);
    sent += 1;
  });
  return sent === customerIds.length;
}
