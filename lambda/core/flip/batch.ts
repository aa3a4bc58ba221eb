import type { PlannedCustomer } from "../plan/plan.ts";
import type { Outcome } from "./outcome.ts";

export interface Batch {
  readonly rolloutId: string;
  readonly index: number;
  readonly customers: readonly PlannedCustomer[];
  /** Ids of the customers that this rollout flips, recorded before the first request. Their flag was the other one. */
  readonly intended: readonly string[];
  readonly outcomes: readonly Outcome[];
  /** Ids of the customers that a rollback restores, recorded before its first request. */
  readonly restoring: readonly string[];
  /** The outcomes of the rollback. */
  readonly rollback: readonly Outcome[];
  /** The rollout that rolled this batch back last; it may be this rollout. */
  readonly rolledBackBy?: string | undefined;
  /** Counts the writes. A write replaces only the revision that was read. */
  readonly revision: number;
}
