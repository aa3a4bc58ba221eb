import type { Batch } from "../../core/flip/batch.ts";
import type { Outcome } from "../../core/flip/outcome.ts";
import type { Reading } from "../../core/flip/settle-before-flip.ts";
import type { PlannedCustomer } from "../../core/plan/plan.ts";
import type { Guard } from "../gate/guard.ts";
import type { Connection, Ledger } from "../ports.ts";
import type { Known, OutcomeTracker } from "./batch-outcomes.ts";
import type { Crew } from "./in-parallel.ts";

/** What every batch of a part shares. */
export interface BatchRun extends Crew {
  readonly task: Task;
  readonly ledger: Pick<Ledger, "recordBatch">;
  readonly connection: Connection;
  readonly guard: Guard;
}

/** What is done with the customers of a batch: they are flipped as planned, or flipped back. */
export interface Task {
  /** The flag to be set. */
  readonly flag: boolean;
  /** Reads a batch by its place in the order of the work. */
  read(place: number): Promise<Batch>;
  open(batch: Batch): Work;
  /** The batch with what became of its customers. */
  close(batch: Batch, done: Pick<Work, "outcomes" | "intended">): Batch;
}

/** Whom a task works on in a batch, and what is known of them. */
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
