import type { Batch } from "../rollout/records.ts";
import type { CustomerFacts, Judgement } from "../rollout/selection.ts";
import type { Brake } from "./brake.ts";
import type { LockCheck } from "./hold-lock.ts";
import { unlessOutOfTime } from "./part.ts";
import type { Connection, Ledger } from "./ports.ts";
import type { Sheet } from "./sheet.ts";

/** What every batch of a part shares. */
export interface BatchRun {
  readonly ledger: Pick<Ledger, "getBatch" | "recordBatch">;
  readonly rolloutId: string;
  readonly connection: Connection;
  readonly lockCheck: LockCheck;
  readonly judge: (customer: CustomerFacts) => Judgement;
  readonly wantedFlag: boolean;
  readonly concurrency: number;
  readonly brake: Brake;
}

/** As many workers as requests may be in flight take from one queue, until something stops them all. */
export async function inParallel<Item>(
  { brake, concurrency }: BatchRun,
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

/** Records what is known of a batch over what was read of it. */
export function record(
  { ledger, rolloutId }: BatchRun,
  batch: Batch,
  sheet: Sheet,
  intended: readonly string[],
): Promise<Batch> {
  return ledger.recordBatch(rolloutId, { ...batch, outcomes: sheet.outcomes(), intended });
}
