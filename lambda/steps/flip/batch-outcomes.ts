import { countOutcomes, type Outcome, type OutcomeKind } from "../../core/flip/outcome.ts";
import type { PlannedCustomer } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";

/** What is becoming of a batch's customers while it is worked on. */
export interface OutcomeTracker {
  /** The customers without an outcome when the batch was read. */
  readonly open: readonly PlannedCustomer[];
  /** Whether an earlier run had recorded that it would flip this customer. */
  wasIntended(customerId: string): boolean;
  settle(customer: PlannedCustomer, outcome: OutcomeKind, reason: Reason): void;
  /** A flip that failed may have been done all the same. */
  markUncertain(customerId: string): void;
  /** A flip was begun, by this run or one before, and it is not known what it did. */
  markInDoubt(customerId: string): void;
  /**
   * The customers that may have been flipped without an outcome that says so: those in doubt, and those whose flip failed
   * after a request was sent. A customer that failed before, or was refused, is not: a rollback must not touch it.
   */
  uncertain(): readonly string[];
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
  const suspected = new Set(intended);
  const doubtful = new Set<string>();

  function settle({ id, name }: PlannedCustomer, outcome: OutcomeKind, reason: Reason): void {
    outcomes.set(id, { customerId: id, name, outcome, reason });
    doubtful.delete(id);
  }

  return {
    open,
    wasIntended: (customerId) => intendedBefore.has(customerId),
    settle,
    markUncertain: (customerId) => void suspected.add(customerId),
    markInDoubt: (customerId) => void doubtful.add(customerId),
    uncertain: () => [...doubtful, ...[...suspected].filter((id) => outcomes.get(id)?.outcome === "failed")],
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
