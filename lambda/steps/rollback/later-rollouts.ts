import { findMoved, findRestorable } from "../../core/rollback/settle-before-rollback.ts";
import type { FlipsNote, SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ledger } from "../ports.ts";

/** Which customers later rollouts have moved. */
export interface LaterRollouts {
  /** Reads the batches of the later rollouts. It comes before the questions below. */
  load(): Promise<void>;
  /** The newest rollout after this one that moved the customer or may have done so, and was not rolled back. */
  movedLaterBy(rolloutId: string, customerId: string): string | undefined;
  /** Whether the rollback writes to the customer anyway, as one of a newer source rollout: a retry, say. */
  isInNewerSource(rolloutId: string, customerId: string): boolean;
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
  const sources = new Map<string, number>();

  async function readMoved({ rolloutId, action }: FlipsNote, position: number): Promise<void> {
    for await (const batch of readBatches(rolloutId))
      for (const id of findMoved(batch, action === source.action)) if (!movers.has(id)) movers.set(id, position);
  }

  async function readSource(rolloutId: string): Promise<void> {
    for await (const batch of readBatches(rolloutId))
      for (const { id } of findRestorable(batch)) if (!sources.has(id)) sources.set(id, ours.indexOf(rolloutId));
  }

  return {
    async load() {
      for (const [position, flip] of flips.slice(0, oldest).entries())
        if (!ours.includes(flip.rolloutId)) await readMoved(flip, position);
      for (const newer of ours.slice(0, -1)) await readSource(newer);
    },
    isInNewerSource(rolloutId, customerId) {
      const source = sources.get(customerId);
      return source !== undefined && source < ours.indexOf(rolloutId);
    },
    movedLaterBy(rolloutId, customerId) {
      const position = movers.get(customerId);
      return position !== undefined && position < positionOf(rolloutId) ? flips[position]?.rolloutId : undefined;
    },
  };
}
