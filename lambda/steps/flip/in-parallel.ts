import { unlessOutOfTime } from "../run-part.ts";
import type { StopSignal } from "./stop-signal.ts";

/** As many workers as requests may be in flight take from one queue, until something stops them all. */
export async function inParallel<Item>(
  { stopSignal, concurrency }: Crew,
  items: Iterable<Item>,
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    while (stopSignal.mayGoOn()) {
      const next = queue.next();
      if (next.done) return;
      await unlessOutOfTime(each(next.value)).catch(stopSignal.fail);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Who works, and what stops them all. */
export interface Crew {
  readonly concurrency: number;
  readonly stopSignal: StopSignal;
}
