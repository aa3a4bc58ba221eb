import { countOutcomes, type Outcome, type OutcomeKind } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Batch } from "../rollout/records.ts";

/** What is becoming of a batch's customers while it is worked on. */
export interface Sheet {
  /** Who had no outcome when the batch was read. */
  readonly open: readonly PlannedCustomer[];
  settle(customer: PlannedCustomer, outcome: OutcomeKind, reason: string): void;
  /** A flip was begun, by this run or one before, and it is not known what it did. */
  doubt(customerId: string): void;
  doubtful(): readonly string[];
  /** Whoever has no outcome and is not in doubt was not attempted. */
  skipRest(stopped: string): void;
  outcomes(): readonly Outcome[];
  failures(): number;
}

export function openSheet({ customers, outcomes: known }: Batch): Sheet {
  const outcomes = new Map(known.map((outcome) => [outcome.customerId, outcome]));
  const open = known.length === 0 ? customers : customers.filter(({ id }) => !outcomes.has(id));
  const doubtful = new Set<string>();

  function settle({ id, name }: PlannedCustomer, outcome: OutcomeKind, reason: string): void {
    outcomes.set(id, { customerId: id, name, outcome, reason });
    doubtful.delete(id);
  }

  return {
    open,
    settle,
    doubt: (customerId) => void doubtful.add(customerId),
    doubtful: () => [...doubtful],
    skipRest(stopped) {
      for (const customer of open) {
        if (outcomes.has(customer.id) || doubtful.has(customer.id)) continue;
        settle(customer, "skipped", `not attempted: ${stopped}`);
      }
    },
    outcomes: () => [...outcomes.values()],
    failures: () => countOutcomes(outcomes.values()).failed,
  };
}
