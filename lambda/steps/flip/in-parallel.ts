import { unlessOutOfTime } from "../run-part.ts";
import type { StopSignal } from "./stop-signal.ts";

/** As many workers as requests may be in flight take from one queue, until something stops them all. */
export async function inParallel<Item>(
  { stopSignal, concurrency }: ParallelLimits,
  items: Iterable<Item>,
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    while (stopSignal.mayBegin()) {
      const next = queue.next();
      if (next.done) return;
      await unlessOutOfTime(each(next.value)).catch(stopSignal.fail);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** How many workers there are, and what stops them all. */
export interface ParallelLimits {
  readonly concurrency: number;
  readonly stopSignal: StopSignal;
}
