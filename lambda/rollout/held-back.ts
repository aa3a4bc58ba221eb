import type { Skipped } from "./disposition.ts";
import type { Families } from "./families.ts";

interface Judged {
  keyOf(index: number): number;
  isFlip(index: number): boolean;
  /** It is skipped, or not planned and where the event moves others from. */
  mustStay(index: number): boolean;
}

/**
 * Who would be flipped but has a descendant that must stay, each with that descendant. Of several descendants the first
 * in the order counts, so that the same customers are told for the same reason.
 */
export function findHeldBack(
  order: Uint32Array,
  families: Families,
  { keyOf, isFlip, mustStay }: Judged,
): ReadonlyMap<number, number> {
  const held = new Map<number, number>();
  if (families.isEmpty()) return held;
  for (const index of order) if (mustStay(index)) families.holdAncestors(keyOf(index), index);
  if (!families.holdsAnybody()) return held;
  for (const index of order) {
    const descendant = isFlip(index) ? families.heldFor(keyOf(index)) : undefined;
    if (descendant !== undefined) held.set(index, descendant);
  }
  return held;
}

/** What somebody is whom nobody asked to be moved. */
export const NOT_SELECTED = "not selected by the event";

/** What somebody is who was found where the event moves it from, and whom the plan leaves there. */
export const NOT_PLANNED = "not to be flipped by the plan";

/** How the reasons begin of those who would take somebody along. */
export const MAY_MOVE = "Evo Voice may move its descendant ";

/** As it is counted, whoever the descendant is. */
export const HELD_BACK = "Evo Voice may move a descendant along that must not be moved";

export function toHeldBack(descendantId: string, reason: string): Skipped {
  const advice = reason === NOT_SELECTED || reason === NOT_PLANNED ? SELECT_BOTH : "";
  return {
    skipped: `${MAY_MOVE}${descendantId}, which is ${reason}, along with it${advice}`,
    countedAs: HELD_BACK,
  };
}

const SELECT_BOTH = ": an event that selects both flips both";
