import type { CustomerFacts } from "../lookup/selection.ts";

/** A customer that Evo Voice would move along with an ancestor, though the plan does not flip it. */
export interface LeftOutDescendant {
  readonly id: string;
  /** Absent when Evo Voice does not show which of the planned customers is above it. */
  readonly ancestorId?: string | undefined;
}

export interface PlannedFlips {
  /** Ids of the flipped customers whose descendants were listed. */
  readonly ancestorIds: ReadonlySet<string>;
  /** Ids of all customers that the plan flips. */
  readonly flippedIds: ReadonlySet<string>;
  readonly wantedFlag: boolean;
}

/**
 * Finds the listed descendants that the plan leaves out. A descendant that shows the wanted flag already does not move. A
 * server that ignores the filter lists other customers too: their whole breadcrumb names none of the ancestors.
 */
export function findLeftOut(
  listed: readonly CustomerFacts[],
  { ancestorIds, flippedIds, wantedFlag }: PlannedFlips,
): readonly LeftOutDescendant[] {
  return listed.flatMap((customer) => {
    const { id, isStaging, parentCustomerId, ancestorIds: breadcrumb = [] } = customer;
    if (flippedIds.has(id) || isStaging === wantedFlag || parentCustomerId === undefined) return [];
    const ancestorId = [parentCustomerId, ...breadcrumb].find((one) => ancestorIds.has(one));
    return ancestorId === undefined && breadcrumb.includes(parentCustomerId) ? [] : { id, ancestorId };
  });
}
