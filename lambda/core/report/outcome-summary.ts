import { addCounts, type Counts, countOutcomes, NO_COUNTS, type Outcome } from "../flip/outcome.ts";
import { type Explained, explain, type Reason } from "../reasons.ts";

/** What the outcomes of a rollout say in a report. */
export interface OutcomeSummary {
  readonly counts: Counts;
  /** The first 100 outcomes that are neither flipped nor unchanged: failed customers before all others. */
  readonly exceptions: readonly Outcome[];
  /** The most frequent reason first. */
  readonly skippedBy: readonly SkippedBy[];
}

/** A skip reason, and how many customers it keeps out. */
export type SkippedBy = Explained & { readonly customers: number };

export const MOST_EXCEPTIONS = 100;

/** Sums up outcomes that come ledger item by ledger item. */
export function createOutcomeSummary(): { add(outcomes: readonly Outcome[]): void; summary(): OutcomeSummary } {
  let counts = NO_COUNTS;
  const failed: Outcome[] = [];
  const others: Outcome[] = [];
  const skipped = new Map<string, { readonly reason: Reason; customers: number }>();

  function countSkipped(reason: Reason): void {
    const key = JSON.stringify(reason);
    const known = skipped.get(key) ?? { reason, customers: 0 };
    known.customers += 1;
    skipped.set(key, known);
  }

  return {
    add(outcomes) {
      counts = addCounts(counts, countOutcomes(outcomes));
      for (const outcome of outcomes) {
        const kept = outcome.outcome === "failed" ? failed : others;
        if (isException(outcome) && kept.length < MOST_EXCEPTIONS) kept.push(outcome);
        if (outcome.outcome === "skipped") countSkipped(outcome.reason);
      }
    },
    summary: () => ({
      counts,
      exceptions: [...failed, ...others].slice(0, MOST_EXCEPTIONS),
      skippedBy: [...skipped.values()]
        .sort((a, b) => b.customers - a.customers)
        .map(({ reason, customers }) => ({ ...explain(reason), customers })),
    }),
  };
}

function isException({ outcome }: Outcome): boolean {
  return outcome !== "flipped" && outcome !== "unchanged";
}
