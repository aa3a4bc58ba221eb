import type { Ranking } from "../plan/candidates.ts";

/** How many customers an event names by id or reference id, and how many of them the plan skips. */
export interface NamedCounts {
  readonly customers: number;
  readonly skipped: number;
}

/** Undefined when the event names no customer. */
export function countNamed(
  ranking: Pick<Ranking, "size" | "idAt" | "plannedActionAt">,
  namedIds: ReadonlySet<string>,
): NamedCounts | undefined {
  if (namedIds.size === 0) return undefined;
  const counts = { customers: 0, skipped: 0 };
  for (let rank = 0; rank < ranking.size; rank += 1) {
    if (!namedIds.has(ranking.idAt(rank))) continue;
    counts.customers += 1;
    if (typeof ranking.plannedActionAt(rank) !== "string") counts.skipped += 1;
  }
  return counts;
}
