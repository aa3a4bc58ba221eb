import { wantedFlag } from "../../contract/deploy-event.ts";
import type { Reading } from "../../core/flip/flip-result.ts";
import { countOutcomes, type Outcome, type OutcomeKind, toOutcome } from "../../core/flip/outcome.ts";
import { settleBeforeFlip } from "../../core/flip/settle-before-flip.ts";
import { createJudge } from "../../core/lookup/selection.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import type { Reason } from "../../core/reasons.ts";
import type { Guard } from "../gate/guard.ts";
import { readSelection } from "../lookup/read-selection.ts";
import type { Connection, Ledger, Ports } from "../ports.ts";
import { type FlipRollout, unlessOutOfTime } from "../run-part.ts";
import type { StopSignal } from "./stop-signal.ts";

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

/** The outcomes of a batch's customers while a part works on the batch. */
export interface OutcomeTracker {
  /** The customers without an outcome when the batch was read. */
  readonly open: readonly PlannedCustomer[];
  /** Whether an earlier run had recorded that it would flip this customer. */
  wasIntended(customerId: string): boolean;
  settle(customer: PlannedCustomer, outcome: OutcomeKind, reason: Reason): void;
  /** This run or an earlier run began a flip, and its effect is not known. */
  markInDoubt(customerId: string): void;
  /** The customers that may have been flipped and have no outcome. */
  inDoubt(): readonly string[];
  /** A customer that has no outcome and is not in doubt was not attempted. */
  skipRemaining(why: readonly Reason[]): void;
  outcomes(): readonly Outcome[];
  failures(): number;
  /** How many have no outcome yet. */
  left(): number;
}

/** The customers that a tracker follows, and what is known of them. */
export interface Known {
  readonly customers: readonly PlannedCustomer[];
  readonly outcomes: readonly Outcome[];
  /** Ids that an earlier run was about to flip. */
  readonly intended: readonly string[];
}

export function trackOutcomes({ customers, outcomes: known, intended }: Known): OutcomeTracker {
  const outcomes = new Map(known.map((outcome) => [outcome.customerId, outcome]));
  const open = known.length === 0 ? customers : customers.filter(({ id }) => !outcomes.has(id));
  const intendedBefore = new Set(intended);
  const doubtful = new Set<string>();

  function settle(customer: PlannedCustomer, outcome: OutcomeKind, reason: Reason): void {
    outcomes.set(customer.id, toOutcome(customer, outcome, reason));
    doubtful.delete(customer.id);
  }

  return {
    open,
    wasIntended: (customerId) => intendedBefore.has(customerId),
    settle,
    markInDoubt: (customerId) => void doubtful.add(customerId),
    inDoubt: () => [...doubtful],
    skipRemaining(why) {
      for (const customer of open) {
        if (outcomes.has(customer.id) || doubtful.has(customer.id)) continue;
        settle(customer, "skipped", { code: "not-attempted", why });
      }
    },
    outcomes: () => [...outcomes.values()],
    failures: () => countOutcomes(outcomes.values()).failed,
    left: () => open.reduce((left, { id }) => (outcomes.has(id) ? left : left + 1), 0),
  };
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
  const { ledger } = ports;
  const judge = createJudge(await readSelection(ports, { event, source }));
  const flag = wantedFlag(event.action);
  return {
    flag,
    read: (position) => ledger.getBatch(rolloutId, position),
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
