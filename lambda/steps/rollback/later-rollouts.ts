import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ledger } from "../ports.ts";

/** Which customers later rollouts have moved. */
export interface LaterRollouts {
  /** Reads the batches of the later rollouts. The question below comes after it. */
  load(): Promise<void>;
  /** The newest rollout after this one that flipped the customer and did not restore it. */
  movedLaterBy(rolloutId: string, customerId: string): string | undefined;
}

export async function readLaterRollouts(
  { findFlips, readBatches }: Pick<Ledger, "readBatches" | "findFlips">,
  source: SourceRollouts,
): Promise<LaterRollouts> {
  const flips = await findFlips();
  const ours = source.rollouts.map(({ rolloutId }) => rolloutId);
  const positionOf = (rolloutId: string): number => {
    const position = flips.findIndex((one) => one.rolloutId === rolloutId);
    // The ledger lists only the last rollouts.
    return position < 0 ? flips.length : position;
  };
  const oldest = Math.max(...ours.map(positionOf));
  const movers = new Map<string, number>();

  async function readMoved(rolloutId: string, position: number): Promise<void> {
    for await (const { outcomes, rollback } of readBatches(rolloutId)) {
      const restored = new Set(
        rollback.flatMap(({ customerId, outcome }) => (outcome === "flipped" ? customerId : [])),
      );
      for (const { customerId, outcome } of outcomes)
        if (outcome === "flipped" && !restored.has(customerId) && !movers.has(customerId))
          movers.set(customerId, position);
    }
  }

  return {
    async load() {
      for (const [position, { rolloutId }] of flips.slice(0, oldest).entries())
        if (!ours.includes(rolloutId)) await readMoved(rolloutId, position);
    },
    movedLaterBy(rolloutId, customerId) {
      const position = movers.get(customerId);
      return position !== undefined && position < positionOf(rolloutId) ? flips[position]?.rolloutId : undefined;
    },
  };
}
