import type { Truth } from "./expect-no-lies.ts";

/**
 * By the ledger's word, or by what happened: it moved a customer that no other system moved back. Where another did so
 * before it was known that the flip was made, the next look shows a customer that was never flipped.
 */
export async function hasFlipped(
  { ledger, witness }: Pick<Truth, "ledger" | "witness">,
  name: string,
): Promise<boolean> {
  for await (const outcomes of ledger.readOutcomes(name))
    if (outcomes.some(({ outcome }) => outcome === "flipped")) return true;
  const changes = witness.writes.filter(({ flag, was }) => flag !== was);
  return changes.some((one, index) => {
    if (one.rolloutId !== name || one.isUndo) return false;
    const next = changes.slice(index + 1).find(({ customerId }) => customerId === one.customerId);
    return next === undefined || next.isUndo;
  });
}
