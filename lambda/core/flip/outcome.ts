import type { PlannedCustomer } from "../plan/planned-customer.ts";
import type { Reason } from "../reasons.ts";

/** What became of one customer; every customer of a plan ends with exactly one. */
export const OUTCOMES = ["flipped", "unchanged", "deferred", "skipped", "failed"] as const;
export type OutcomeKind = (typeof OUTCOMES)[number];

export interface Outcome {
  readonly customerId: string;
  readonly name: string;
  /** Of an outcome that the ledger was asked for. */
  readonly referenceId?: string | undefined;
  readonly outcome: OutcomeKind;
  /** Never with secrets or bodies. */
  readonly reason: Reason;
}

export function toOutcome({ id, name }: PlannedCustomer, outcome: OutcomeKind, reason: Reason): Outcome {
  return { customerId: id, name, outcome, reason };
}

/** Whether the flip failed after a request that may have moved the customer. A rollback writes to it all the same. */
export function isInDoubt({ outcome, reason }: Pick<Outcome, "outcome" | "reason">): boolean {
  return outcome === "failed" && isCodeOfDoubt(reason.code);
}

export function isCodeOfDoubt(code: Reason["code"]): boolean {
  return IN_DOUBT.includes(code);
}

const IN_DOUBT: readonly Reason["code"][] = ["may-be-flipped", "may-be-restored", "not-applied", "unanswered"];

export type Counts = Readonly<Record<OutcomeKind, number>>;

export const NO_COUNTS: Counts = { flipped: 0, unchanged: 0, deferred: 0, skipped: 0, failed: 0 };

export function countOutcomes(outcomes: Iterable<Pick<Outcome, "outcome">>): Counts {
  const counts = { ...NO_COUNTS };
  for (const { outcome } of outcomes) counts[outcome] += 1;
  return counts;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    flipped: a.flipped + b.flipped,
    unchanged: a.unchanged + b.unchanged,
    deferred: a.deferred + b.deferred,
    skipped: a.skipped + b.skipped,
    failed: a.failed + b.failed,
  };
}

export function totalOf(counts: Counts): number {
  return OUTCOMES.reduce((total, kind) => total + counts[kind], 0);
}
