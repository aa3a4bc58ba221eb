import { countOutcomes, type Outcome, type OutcomeKind, toOutcome } from "../../core/flip/outcome.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import type { Reason } from "../../core/reasons.ts";

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
      for (const customer of open)
        if (!outcomes.has(customer.id) && !doubtful.has(customer.id))
          settle(customer, "skipped", { code: "not-attempted", why });
    },
    outcomes: () => [...outcomes.values()],
    failures: () => countOutcomes(outcomes.values()).failed,
    left: () => open.reduce((left, { id }) => (outcomes.has(id) ? left : left + 1), 0),
  };
}
