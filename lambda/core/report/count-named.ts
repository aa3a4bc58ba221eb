import type { CandidateWave } from "../plan/candidates.ts";

/** How many customers an event names by id or reference id, and how many of them the plan skips. */
export interface NamedCounts {
  readonly customers: number;
  readonly skipped: number;
}

/** Undefined when the event names none. */
export function countNamed(waves: readonly CandidateWave[], namedIds: ReadonlySet<string>): NamedCounts | undefined {
  if (namedIds.size === 0) return undefined;
  const counts = { customers: 0, skipped: 0 };
  for (const { id, plannedAction } of waves.flatMap(({ candidates }) => candidates)) {
    if (!namedIds.has(id)) continue;
    counts.customers += 1;
    if (typeof plannedAction !== "string") counts.skipped += 1;
  }
  return counts;
}
