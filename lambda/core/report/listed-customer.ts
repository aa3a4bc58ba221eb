import type { Exception } from "./report.ts";

/** What the plan says of a customer, and what became of it so far. */
export interface ListedCustomer {
  readonly customerId: string;
  readonly name: string;
  readonly referenceId?: string | undefined;
  /** From 1; only of a customer that the plan flips. */
  readonly wave?: number | undefined;
  /** Absent for a customer that appeared since the plan. */
  readonly plannedAction?: "flip" | "unchanged" | "skip" | undefined;
  /** Absent while the customer was not attempted. The last three are those of a rollback. */
  readonly outcome?: Exception["outcome"] | "restored" | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** The rollout whose rollback the outcome is of. */
  readonly rolledBackBy?: string | undefined;
  /** When the ledger recorded it. ISO 8601. */
  readonly at: string;
}

/** `flipped`; of a customer that was not attempted, `to flip`. */
export function describeState({ outcome, plannedAction }: ListedCustomer): string {
  return outcome ?? `to ${plannedAction ?? "appear"}`;
}

/** Why a customer is not where it was to be; undefined for one that is. */
export function describeTrouble({ outcome, message }: ListedCustomer): string | undefined {
  return outcome === undefined || GOOD.includes(outcome) ? undefined : message;
}

const GOOD: readonly ListedCustomer["outcome"][] = ["flipped", "unchanged", "restored"];
