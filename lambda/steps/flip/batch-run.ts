import { wantedFlag } from "../../contract/deploy-event.ts";
import type { Reading } from "../../core/flip/flip-result.ts";
import type { Outcome } from "../../core/flip/outcome.ts";
import { settleBeforeFlip } from "../../core/flip/settle-before-flip.ts";
import { createJudge } from "../../core/lookup/selection.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import type { Reason } from "../../core/reasons.ts";
import type { Guard } from "../gate/guard.ts";
import { readSelection } from "../lookup/read-selection.ts";
import type { Connection, Ledger, Ports } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";
import type { ParallelLimits } from "./in-parallel.ts";
import type { Known, OutcomeTracker } from "./outcome-tracker.ts";

/** What every batch of a part shares. */
export interface BatchRun extends ParallelLimits {
  readonly task: Task;
  readonly ledger: Pick<Ledger, "recordBatch">;
  readonly connection: Connection;
  readonly guard: Guard;
  nowMs(): number;
}

/** Flips the customers of a batch as planned, or restores them. */
export interface Task {
  /** The flag to be set. */
  readonly flag: boolean;
  /** Reads a batch by its position in the order of the work. */
  read(position: number): Promise<Batch>;
  open(batch: Batch): Work;
  /** What the ledger says of the batch's customers. */
  recorded(batch: Batch): Pick<Work, "outcomes" | "intended">;
  /** The reason of a customer whose request had no answer when the rollout stopped. */
  toDoubt(why: readonly Reason[]): Reason;
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
  readonly position: number;
  readonly batch: Batch;
  /** How many customers have no outcome yet. */
  readonly left: number;
}

/** Records what is known of a batch over the revision that was read. */
export function record(
  { ledger, task }: Pick<BatchRun, "ledger" | "task">,
  batch: Batch,
  tracker: OutcomeTracker,
  intended: readonly string[],
): Promise<Batch> {
  return ledger.recordBatch(task.close(batch, { outcomes: tracker.outcomes(), intended }));
}

/** Flips the customers as planned. */
export async function createFlipTask(
  ports: Pick<Ports, "ledger" | "policy">,
  { rolloutId, event, source }: FlipRollout,
): Promise<Task> {
  const judge = createJudge(await readSelection(ports, { event, source }));
  const flag = wantedFlag(event.action);
  return {
    flag,
    read: (position) => ports.ledger.getBatch(rolloutId, position),
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
    recorded: ({ outcomes, intended }) => ({ outcomes, intended }),
    toDoubt: () => ({ code: "unanswered" }),
    close: (batch, { outcomes, intended }) => ({ ...batch, outcomes, intended }),
  };
}
