import { wantedFlag } from "../../contract/deploy-event.ts";
import type { Batch } from "../../core/flip/batch.ts";
import type { Outcome } from "../../core/flip/outcome.ts";
import { type Reading, settleBeforeFlip } from "../../core/flip/settle-before-flip.ts";
import { createJudge } from "../../core/lookup/selection.ts";
import type { PlannedCustomer } from "../../core/plan/plan.ts";
import { dropNeverFlipped } from "../../core/rollback/settle-before-rollback.ts";
import type { Guard } from "../gate/guard.ts";
import { readSelection } from "../lookup/read-selection.ts";
import type { Connection, Ledger, Ports } from "../ports.ts";
import { type FlipRollout, unlessOutOfTime } from "../run-part.ts";
import type { Known, OutcomeTracker } from "./batch-outcomes.ts";
import type { StopSignal } from "./stop-signal.ts";

/** What every batch of a part shares. */
export interface BatchRun extends Crew {
  readonly task: Task;
  readonly ledger: Pick<Ledger, "recordBatch">;
  readonly connection: Connection;
  readonly guard: Guard;
}

/** What is done with the customers of a batch: they are flipped as planned, or restored. */
export interface Task {
  /** The flag to be set. */
  readonly flag: boolean;
  /** Reads a batch by its place in the order of the work. */
  read(place: number): Promise<Batch>;
  open(batch: Batch): Work;
  /** The batch with what became of its customers. */
  close(batch: Batch, done: Pick<Work, "outcomes" | "intended">): Batch;
}

/** The customers of a batch that a task works on, and what is known of them. */
export interface Work extends Known {
  /** The outcome that needs no flip, from a fresh reading; undefined when the customer is to be flipped now. */
  settle(customer: PlannedCustomer, fresh: Reading): Outcome | undefined;
}

/** A batch as the ledger holds it after it was worked on. */
export interface RecordedBatch {
  readonly place: number;
  readonly batch: Batch;
  /** How many customers have no outcome yet. */
  readonly left: number;
}

/** Records what is known of a batch over what was read of it. */
export function record(
  { ledger, task }: Pick<BatchRun, "ledger" | "task">,
  batch: Batch,
  tracker: OutcomeTracker,
  intended: readonly string[],
): Promise<Batch> {
  return ledger.recordBatch(task.close(batch, { outcomes: tracker.outcomes(), intended }));
}

/** Flips as planned; what comes of a customer is its outcome. */
export async function createFlipTask(
  ports: Pick<Ports, "ledger" | "policy">,
  { rolloutId, event, source }: FlipRollout,
): Promise<Task> {
  const { ledger } = ports;
  const judge = createJudge(await readSelection(ports, { event, source }));
  const flag = wantedFlag(event.action);
  return {
    flag,
    read: (place) => ledger.getBatch(rolloutId, place),
    open({ customers, outcomes, intended }) {
      const begun = new Set(intended);
      return {
        customers,
        outcomes,
        intended,
        settle: (planned, fresh) =>
          settleBeforeFlip({ planned, fresh, wantedFlag: flag, intended: begun.has(planned.id), judge }),
      };
    },
    close: (batch, { outcomes, intended }) => dropNeverFlipped({ ...batch, outcomes, intended }),
  };
}

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

/** How many workers there are, and what stops them all. */
export interface Crew {
  readonly concurrency: number;
  readonly stopSignal: StopSignal;
}
