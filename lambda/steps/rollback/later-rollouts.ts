import { findRestorable, type MovedAway } from "../../core/rollback/settle-before-rollback.ts";
import type { FlipsNote, SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ledger } from "../ports.ts";

/** What later rollouts did to the customers that a rollback restores. */
export interface LaterRollouts {
  /** Reads the batches of the later rollouts. The two functions below need it. */
  load(): Promise<void>;
  /** Whether the ledger still lists every rollout that came after this one. */
  knowsLater(rolloutId: string): boolean;
  /** The later rollout that moved the customer to where it is. */
  movedLaterBy(rolloutId: string, customerId: string): string | undefined;
  /** The last later rollout that moved the customer away, unless it was rolled back. */
  movedAwayBy(rolloutId: string, customerId: string): MovedAway | undefined;
}

type LaterLedger = Pick<Ledger, "readBatches" | "findFlips">;

export async function readLaterRollouts(ledger: LaterLedger, source: SourceRollouts): Promise<LaterRollouts> {
  const flips = await ledger.findFlips();
  const ours = source.rollouts.map(({ rolloutId }) => rolloutId);
  const positionOf = (rolloutId: string): number => {
    const position = flips.findIndex((one) => one.rolloutId === rolloutId);
    // The ledger lists only the last rollouts.
    return position < 0 ? flips.length : position;
  };
  const later = flips.filter(
    ({ rolloutId }, position) => !ours.includes(rolloutId) && ours.some((one) => position < positionOf(one)),
  );
  const moved = new Set<string>();
  /** By customer: the position of the newest later rollout that moved it the same way. */
  const movedLater = new Map<string, number>();
  const movedAway = new Map<string, Omit<MovedAway, "rolloutId"> & { readonly position: number }>();

  async function load(): Promise<void> {
    if (later.length === 0) return;
    for (const rolloutId of ours) await readMoved(ledger, rolloutId, moved);
    for (const rollout of later.toReversed()) await readLater(rollout);
  }

  async function readLater({ rolloutId, action }: FlipsNote): Promise<void> {
    const position = positionOf(rolloutId);
    for await (const standing of readStanding(ledger, rolloutId)) {
      if (action === source.action) movedLater.set(standing.id, position);
      else if (moved.has(standing.id)) noteAway(standing, position);
    }
  }

  /** After a rollout that may have moved the customer, it is no longer sure which rollout moved it. */
  function noteAway({ id, wasFlipped, mayBeBack }: Standing, position: number): void {
    const before = movedAway.get(id);
    if (wasFlipped) movedAway.set(id, { position, mayBeBack, isSure: true });
    else if (before !== undefined) movedAway.set(id, { ...before, isSure: false });
  }

  const movedLaterBy: LaterRollouts["movedLaterBy"] = (rolloutId, id) => {
    const position = movedLater.get(id);
    return position !== undefined && position < positionOf(rolloutId) ? flips[position]?.rolloutId : undefined;
  };

  const movedAwayBy: LaterRollouts["movedAwayBy"] = (rolloutId, id) => {
    const { position, mayBeBack, isSure } = movedAway.get(id) ?? {
      position: flips.length,
      mayBeBack: false,
      isSure: false,
    };
    const by = position < positionOf(rolloutId) ? flips[position] : undefined;
    // A still later rollout moved the customer here again.
    const isHere = (movedLater.get(id) ?? flips.length) < position;
    if (by === undefined || isHere) return undefined;
    return { rolloutId: by.rolloutId, mayBeBack, isSure: isSure && positionOf(rolloutId) < flips.length };
  };

  return { load, knowsLater: (rolloutId) => positionOf(rolloutId) < flips.length, movedLaterBy, movedAwayBy };
}

async function readMoved({ readBatches }: LaterLedger, rolloutId: string, moved: Set<string>): Promise<void> {
  for await (const batch of readBatches(rolloutId)) for (const { id } of findRestorable(batch)) moved.add(id);
}

interface Standing {
  readonly id: string;
  /** The ledger has the outcome `flipped`. */
  readonly wasFlipped: boolean;
  readonly mayBeBack: boolean;
}

/** The customers that a rollout moved, or may have moved, and did not restore. */
async function* readStanding({ readBatches }: LaterLedger, rolloutId: string): AsyncGenerator<Standing> {
  for await (const batch of readBatches(rolloutId)) {
    const back = new Set(idsOf(batch.rollback, "flipped"));
    const begun = new Set(batch.restoring);
    const flipped = new Set(idsOf(batch.outcomes, "flipped"));
    for (const { id } of findRestorable(batch))
      if (!back.has(id)) yield { id, wasFlipped: flipped.has(id), mayBeBack: begun.has(id) };
  }
}

function idsOf(outcomes: readonly { readonly customerId: string; readonly outcome: string }[], kind: string) {
  return outcomes.flatMap(({ customerId, outcome }) => (outcome === kind ? customerId : []));
}
