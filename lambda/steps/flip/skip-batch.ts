import type { Reason } from "../../core/reasons.ts";
import { readAgain } from "../verify/verify-batches.ts";
import type { BatchRun, RecordedBatch } from "./batch-run.ts";
import type { BatchRange } from "./flip-batches.ts";
import { trackOutcomes } from "./outcome-tracker.ts";

export interface Stopped {
  readonly why: readonly Reason[];
  /** No customer is read any more. */
  readonly readsNoMore: boolean;
}

type SkipRun = Omit<BatchRun, "guard" | "nowMs">;

/** In a stopped rollout: yields each batch as recorded, until the time budget ends or a batch stays unfinished. */
export async function* skipBatches(
  run: SkipRun,
  { from, to }: BatchRange,
  stopped: Stopped,
): AsyncGenerator<RecordedBatch> {
  for (let position = from; position < to && (position === from || run.stopSignal.mayBegin()); position += 1) {
    const recorded = await skipBatch(run, position, stopped);
    if (recorded === undefined) return;
    yield recorded;
  }
}

/**
 * Gives every customer an outcome: one that was not attempted is skipped, one whose request was not answered has failed.
 * Unless `readsNoMore`, it reads those that may have been flipped, and corrects their outcomes. Undefined when there was no time.
 */
export async function skipBatch(
  run: SkipRun,
  position: number,
  { why, readsNoMore }: Stopped,
): Promise<RecordedBatch | undefined> {
  const { task, ledger } = run;
  const batch = await task.read(position);
  const tracker = trackOutcomes({ ...task.open(batch), ...task.recorded(batch) });
  for (const customer of tracker.open) {
    if (tracker.wasIntended(customer.id)) tracker.settle(customer, "failed", task.toDoubt(why));
    else tracker.settle(customer, "skipped", { code: "not-attempted", why });
  }
  const named = tracker.outcomes();
  const seen = readsNoMore ? { outcomes: named } : await readAgain(run, named);
  if (seen === undefined) return undefined;
  const known = new Set(task.recorded(batch).outcomes);
  const isKnown = seen.outcomes.every((outcome) => known.has(outcome));
  const recorded = isKnown ? batch : await ledger.recordBatch(task.close(batch, { ...seen, intended: [] }));
  return { position, batch: recorded, left: 0 };
}
