import type { Reason } from "../reasons.ts";

/** What became of one customer; every customer of a plan ends with exactly one. */
export const OUTCOMES = ["flipped", "unchanged", "deferred", "skipped", "failed"] as const;
export type OutcomeKind = (typeof OUTCOMES)[number];

export interface Outcome {
  readonly customerId: string;
  readonly name: string;
  readonly outcome: OutcomeKind;
  /** Never with secrets or bodies. */
  readonly reason: Reason;
}

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
