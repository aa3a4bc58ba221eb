import { findUndoable, isWorthAnotherLook, type MovedAway } from "../rollout/revert.ts";
import type { Subject } from "../rollout/subject.ts";
import type { Ledger } from "./ports.ts";

/** What the ledger knows of customers beside their own batch: those that a rollback turns back, and what came after. */
export interface Origin {
  /** Reads it all, once in a part: before, nobody is known. */
  load(): Promise<void>;
  /** Whether rollouts came after those that are turned back: what they moved has to be known. */
  hasLater(): boolean;
  /** Whether all are listed that came after this one. */
  knowsLater(rolloutId: string): boolean;
  /**
   * Whether this customer was moved by the rollouts that are turned back, or may have been, and neither by one that came later nor,
   * as far as a rollback can see, by somebody else.
   */
  isOurs(customerId: string): boolean;
  /** Whether this customer was flipped back, or was about to be. */
  isBack(customerId: string): boolean;
  /** The rollout that came after this one and has moved the customer to where it is. */
  movedLaterBy(rolloutId: string, customerId: string): string | undefined;
  /** The rollout that came after this one, has moved the customer away, as the last that moved it, and was not turned back. */
  movedAwayBy(rolloutId: string, customerId: string): MovedAway | undefined;
}

type OriginLedger = Pick<Ledger, "readBatches" | "findFlips">;

export async function openOrigin(ledger: OriginLedger, subject: Subject): Promise<Origin> {
  const flips = await ledger.findFlips();
  const ours = subject.rollouts.map(({ rolloutId }) => rolloutId);
  const placeOf = (rolloutId: string): number => {
    const place = flips.findIndex((one) => one.rolloutId === rolloutId);
    // So many have come since that it is not listed any more.
    return place < 0 ? flips.length : place;
  };
  const later = flips.filter(
    ({ rolloutId }, place) => !ours.includes(rolloutId) && ours.some((one) => place < placeOf(one)),
  );
  const own: Ours = { moved: new Set(), back: new Set(), lost: new Set() };
  /** The place of the newest that moved a customer. */
  const movedLater = new Map<string, number>();
  const movedAway = new Map<string, Omit<MovedAway, "rolloutId"> & { readonly place: number }>();
  let loading: Promise<void> | undefined;

  async function loadAll(): Promise<void> {
    for (const rolloutId of ours) await loadOurs(ledger, rolloutId, own);
    for (const { rolloutId, action } of later.toReversed()) {
      const place = placeOf(rolloutId);
      for await (const standing of readStanding(ledger, rolloutId)) {
        if (action === subject.action) movedLater.set(standing.id, place);
        // Of others nobody asks.
        else if (own.moved.has(standing.id)) noteAway(standing, place);
      }
    }
  }

  /** One that may have moved a customer makes it doubtful who did. */
  function noteAway({ id, wasFlipped, mayBeBack }: Standing, place: number): void {
    const before = movedAway.get(id);
    if (wasFlipped) movedAway.set(id, { place, mayBeBack, isSure: true });
    else if (before !== undefined) movedAway.set(id, { ...before, isSure: false });
  }

  const movedLaterBy: Origin["movedLaterBy"] = (rolloutId, id) => {
    const place = movedLater.get(id);
    return place !== undefined && place < placeOf(rolloutId) ? flips[place]?.rolloutId : undefined;
  };

  const movedAwayBy: Origin["movedAwayBy"] = (rolloutId, id) => {
    const { place, mayBeBack, isSure } = movedAway.get(id) ?? { place: flips.length, mayBeBack: false, isSure: false };
    const by = place < placeOf(rolloutId) ? flips[place] : undefined;
    // One that came later still has moved it here again.
    const isHere = (movedLater.get(id) ?? flips.length) < place;
    if (by === undefined || isHere) return undefined;
    return { rolloutId: by.rolloutId, mayBeBack, isSure: isSure && placeOf(rolloutId) < flips.length };
  };
  const isAway = (id: string) => ours.some((one) => movedAwayBy(one, id)?.mayBeBack === false);

  return {
    load() {
      loading ??= loadAll();
      return loading;
    },
    hasLater: () => later.length > 0,
    knowsLater: (rolloutId) => placeOf(rolloutId) < flips.length,
    isOurs: (id) => own.moved.has(id) && !own.lost.has(id) && !movedLater.has(id) && !isAway(id),
    isBack: (id) => own.back.has(id),
    movedLaterBy,
    movedAwayBy,
  };
}

interface Ours {
  readonly moved: Set<string>;
  readonly back: Set<string>;
  /** Whom somebody has moved, as a rollback saw: for good. */
  readonly lost: Set<string>;
}

/** Whoever was skipped, was right already or was not come to has not been moved: not along with a parent either. */
async function loadOurs(ledger: OriginLedger, rolloutId: string, { moved, back, lost }: Ours): Promise<void> {
  for await (const batch of ledger.readBatches(rolloutId)) {
    const { reverting, reverted } = batch;
    for (const { id } of findUndoable(batch)) moved.add(id);
    for (const id of [...reverting, ...idsOf(reverted, "flipped")]) back.add(id);
    for (const one of reverted) if (one.outcome === "skipped" && !isWorthAnotherLook(one)) lost.add(one.customerId);
  }
}

interface Standing {
  readonly id: string;
  /** By the ledger's own word. */
  readonly wasFlipped: boolean;
  readonly mayBeBack: boolean;
}

/** Whom a rollout moved, or may have moved, and did not turn back. */
async function* readStanding({ readBatches }: OriginLedger, rolloutId: string): AsyncGenerator<Standing> {
  for await (const batch of readBatches(rolloutId)) {
    const back = new Set(idsOf(batch.reverted, "flipped"));
    const begun = new Set(batch.reverting);
    const flipped = new Set(idsOf(batch.outcomes, "flipped"));
    for (const { id } of findUndoable(batch))
      if (!back.has(id)) yield { id, wasFlipped: flipped.has(id), mayBeBack: begun.has(id) };
  }
}

function idsOf(outcomes: readonly { readonly customerId: string; readonly outcome: string }[], kind: string) {
  return outcomes.flatMap(({ customerId, outcome }) => (outcome === kind ? customerId : []));
}
