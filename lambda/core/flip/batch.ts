import type { PlannedCustomer } from "../plan/plan.ts";
import type { Outcome } from "./outcome.ts";

export interface Batch {
  readonly rolloutId: string;
  readonly index: number;
  readonly customers: readonly PlannedCustomer[];
  /** Ids that are, or were about to be, flipped by this rollout; their flag was the other one. */
  readonly intended: readonly string[];
  readonly outcomes: readonly Outcome[];
  /** Ids that are, or were about to be, flipped back. */
  readonly restoring: readonly string[];
  /** What became of those who were to be flipped back. */
  readonly rollback: readonly Outcome[];
  /** The rollout that turned it back last, be it itself. */
  readonly rolledBackBy?: string | undefined;
  /** Counts the writes: a record is only written over the one that was read. */
  readonly revision: number;
}
