import type { Skipped } from "./disposition.ts";
import type { Families } from "./families.ts";

interface Judged {
  keyOf(index: number): number;
  isFlip(index: number): boolean;
  isSkipped(index: number): boolean;
}

/**
 * Who would be flipped but has a descendant that is skipped, each with that descendant. Of several descendants the first
 * in the order counts, so that the same customers are told for the same reason.
 */
export function findHeldBack(
  order: Uint32Array,
  families: Families,
  { keyOf, isFlip, isSkipped }: Judged,
): ReadonlyMap<number, number> {
  const held = new Map<number, number>();
  if (families.isEmpty()) return held;
  for (const index of order) if (isSkipped(index)) families.holdAncestors(keyOf(index), index);
  if (!families.holdsAnybody()) return held;
  for (const index of order) {
    const descendant = isFlip(index) ? families.heldFor(keyOf(index)) : undefined;
    if (descendant !== undefined) held.set(index, descendant);
  }
  return held;
}

/** What somebody is whom nobody asked to be moved. */
export const NOT_SELECTED = "not selected by the event";

const COUNTED_AS = "Evo Voice may move a descendant along that must not be moved";

export function toHeldBack(descendantId: string, reason: string): Skipped {
  return {
    skipped: `Evo Voice may move its descendant ${descendantId}, which is ${reason}, along with it`,
    countedAs: COUNTED_AS,
  };
}
