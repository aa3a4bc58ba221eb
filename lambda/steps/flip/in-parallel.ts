import type { Brake } from "./stop-signal.ts";
import { unlessOutOfTime } from "../run-part.ts";

/** As many workers as requests may be in flight take from one queue, until something stops them all. */
export async function inParallel<Item>(
  { brake, concurrency }: Crew,
  items: Iterable<Item>,
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    while (brake.mayGoOn()) {
      const next = queue.next();
      if (next.done) return;
      await unlessOutOfTime(each(next.value)).catch(brake.fail);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Who works, and what stops them all. */
export interface Crew {
  readonly concurrency: number;
  readonly brake: Brake;
}
