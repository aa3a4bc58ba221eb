import type { Batch } from "../rollout/batch.ts";
import type { Reading } from "../rollout/flip.ts";
import type { Outcome } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Flights } from "./flights.ts";
import type { Crew } from "./in-parallel.ts";
import type { Lookout } from "./lookout.ts";
import type { Connection, Ledger } from "./ports.ts";
import type { Protection } from "./protection.ts";
import type { Readings } from "./read-afresh.ts";
import type { Known, Sheet } from "./sheet.ts";

/** What every batch of a part shares. */
export interface BatchRun extends Crew {
  readonly task: Task;
  readonly ledger: Pick<Ledger, "recordBatch">;
  readonly connection: Connection;
  readonly lookout: Lookout;
  readonly protection: Protection;
  readonly flights: Flights;
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
  readonly kin?: WorkKin | undefined;
}

/** What has to be known of the families of a batch's customers. */
export interface WorkKin {
  /** Before anybody is settled: gives the readings of those of whom it is known in time who is below. */
  lookAround(run: LookingRun, readings: Readings): Promise<Readings>;
  /**
   * Right before a customer is flipped, when those whose turn came before are under way: the outcome of one that must not
   * be flipped by now. @throws OutOfTimeError when that cannot be known in this part
   */
  settleLate(run: FlyingRun, customer: PlannedCustomer): Promise<Outcome | undefined>;
  /** Whether nothing has come to be known since, by another customer's look, that `settleLate` has to be asked about. */
  isClear(customerId: string): boolean;
  /** Whether what `settleLate` saw is recent enough for a request to begin. */
  isRecent(customerId: string): boolean;
  /** This run has flipped the customer. */
  noteFlipped(customerId: string): void;
}

export type FlyingRun = Pick<BatchRun, "connection" | "flights">;

export type LookingRun = Pick<BatchRun, "connection" | "brake" | "concurrency" | "protection">;

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
  sheet: Sheet,
  intended: readonly string[],
): Promise<Batch> {
  return ledger.recordBatch(task.close(batch, { outcomes: sheet.outcomes(), intended }));
}
