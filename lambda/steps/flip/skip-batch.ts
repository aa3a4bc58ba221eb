import type { Reading } from "../../core/flip/settle-before-flip.ts";
import type { Batch, PlannedCustomer } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import {
  type BatchRun,
  type OutcomeTracker,
  type RecordedBatch,
  record,
  type Task,
  trackOutcomes,
} from "./batch-run.ts";
import type { BatchRange } from "./flip-batches.ts";
import { type Readings, readAfresh } from "./prepare-batch.ts";

export interface Stopped {
  readonly why: readonly Reason[];
  /** No customer is read any more. */
  readonly blind: boolean;
}

type SkipRun = Omit<BatchRun, "guard">;

/** In a stopped rollout: yields each batch as recorded, until the time budget ends or a batch stays unfinished. */
export async function* skipBatches(
  run: SkipRun,
  { from, to }: BatchRange,
  stopped: Stopped,
): AsyncGenerator<RecordedBatch> {
  for (let position = from; position < to && (position === from || run.stopSignal.mayBegin()); position += 1) {
    const recorded = await skipBatch(run, position, stopped);
    yield recorded;
    if (recorded.left > 0) return;
  }
}

/** A customer that was not attempted is skipped; one that may have been flipped is read first, unless `blind`. */
export async function skipBatch(run: SkipRun, position: number, { why, blind }: Stopped): Promise<RecordedBatch> {
  const batch = await run.task.read(position);
  const tracker = trackOutcomes(run.task.open(batch));
  const rolledBack = findRestored(batch);
  for (const customer of tracker.open.filter(({ id }) => rolledBack.has(id))) {
    tracker.settle(customer, "failed", { code: "may-be-flipped", why: { code: "not-read" } });
  }
  const doubtful = tracker.open.filter(({ id }) => tracker.wasIntended(id) && !rolledBack.has(id));
  const readings: Readings | undefined = blind ? undefined : await readAfresh(run, doubtful).catch(() => undefined);
  for (const customer of doubtful) {
    const reading = readings === undefined ? UNREADABLE : readings.get(customer.id);
    if (reading === undefined) tracker.markInDoubt(customer.id);
    else settleDoubtful(run.task, tracker, customer, reading);
  }
  tracker.skipRemaining(why);
  return { position, batch: await record(run, batch, tracker, tracker.uncertain()), left: tracker.left() };
}

/** A customer that a rollback restored was flipped, whatever its flag says now. */
function findRestored({ rollback }: Batch): ReadonlySet<string> {
  return new Set(rollback.flatMap(({ customerId, outcome }) => (outcome === "flipped" ? customerId : [])));
}

const UNREADABLE: Reading = { reading: "unreadable", reason: { code: "not-read" } };

function settleDoubtful({ flag }: Task, tracker: OutcomeTracker, customer: PlannedCustomer, reading: Reading): void {
  const isStaging = reading.reading === "found" ? reading.customer.isStaging : undefined;
  if (isStaging === flag) tracker.settle(customer, "flipped", { code: "confirmed-after-restart" });
  if (isStaging !== undefined) return;
  tracker.settle(customer, "failed", { code: "may-be-flipped", why: { code: "not-read" } });
}
