import { addCounts, type Counts, countOutcomes, NO_COUNTS, type Outcome } from "../flip/outcome.ts";
import { type Explained, explain, type Reason } from "../reasons.ts";

/** What the outcomes of a rollout say in a report. */
export interface OutcomeSummary {
  readonly counts: Counts;
  /** The first 100 outcomes that are neither flipped nor unchanged: failed customers before all others. */
  readonly exceptions: readonly Outcome[];
  /** The most frequent reason first. */
  readonly skippedBy: readonly ReasonCount[];
  readonly failedBy: readonly ReasonCount[];
}

/** A reason, and how many customers have it. */
export type ReasonCount = Explained & { readonly customers: number };

export const MOST_EXCEPTIONS = 100;

/** Sums up outcomes that come ledger item by ledger item. */
export function createOutcomeSummary(): { add(outcomes: readonly Outcome[]): void; summary(): OutcomeSummary } {
  let counts = NO_COUNTS;
  const failed: Outcome[] = [];
  const others: Outcome[] = [];
  const reasons = { skipped: createReasonCounts(), failed: createReasonCounts() };

  return {
    add(outcomes) {
      counts = addCounts(counts, countOutcomes(outcomes));
      for (const outcome of outcomes) {
        const kept = outcome.outcome === "failed" ? failed : others;
        if (isException(outcome) && kept.length < MOST_EXCEPTIONS) kept.push(outcome);
        if (outcome.outcome === "skipped" || outcome.outcome === "failed") reasons[outcome.outcome].add(outcome.reason);
      }
    },
    summary: () => ({
      counts,
      exceptions: [...failed, ...others].slice(0, MOST_EXCEPTIONS),
      skippedBy: reasons.skipped.list(),
      failedBy: reasons.failed.list(),
    }),
  };
}

/** A report names so many different reasons; a further one is counted under the first reason with its code. */
const MOST_REASONS = 50;

function createReasonCounts() {
  const counts = new Map<string, { readonly reason: Reason; customers: number }>();
  return {
    add(reason: Reason): void {
      const text = JSON.stringify(reason);
      const key = counts.has(text) || counts.size < MOST_REASONS ? text : reason.code;
      const count = counts.get(key) ?? { reason, customers: 0 };
      count.customers += 1;
      counts.set(key, count);
    },
    list: (): readonly ReasonCount[] =>
      [...counts.values()]
        .sort((a, b) => b.customers - a.customers)
        .map(({ reason, customers }) => ({ ...explain(reason), customers })),
  };
}

function isException({ outcome }: Outcome): boolean {
  return outcome !== "flipped" && outcome !== "unchanged";
}
