import { NOT_ATTEMPTED } from "../rollout/outcome.ts";
import type { FlipsNote } from "../rollout/records.ts";
import { findUndoable } from "../rollout/revert.ts";
import type { Subject } from "../rollout/subject.ts";
import type { Ledger } from "./ports.ts";

/** What the ledger knows of customers beside their own batch: those that a rollback turns back, and what came after. */
export interface Origin {
  /** Reads it all, once in a part: before, nobody is known. */
  load(): Promise<void>;
  /** Whether rollouts came after those that are turned back: what they moved has to be known. */
  hasLater(): boolean;
  /** Whether this customer was to be moved by the rollouts that are turned back, and by none that came later. */
  isOurs(customerId: string): boolean;
  /** Whether this customer was flipped back, or was about to be. */
  isBack(customerId: string): boolean;
  /** The rollout that came after this one and has moved the customer to where it is. */
  movedLaterBy(rolloutId: string, customerId: string): string | undefined;
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
  const later = flips.filter((one, place) => isLater(one, place, { subject, ours, placeOf }));
  const planned = new Set<string>();
  const back = new Set<string>();
  /** The place of the newest that moved a customer. */
  const movedLater = new Map<string, number>();
  let loading: Promise<void> | undefined;

  async function loadAll(): Promise<void> {
    for (const rolloutId of ours) await loadOurs(ledger, rolloutId, { planned, back });
    for (const { rolloutId } of later.toReversed()) {
      for (const id of await readStanding(ledger, rolloutId)) movedLater.set(id, placeOf(rolloutId));
    }
  }

  return {
    load() {
      loading ??= loadAll();
      return loading;
    },
    hasLater: () => later.length > 0,
    isOurs: (id) => planned.has(id) && !movedLater.has(id),
    isBack: (id) => back.has(id),
    movedLaterBy(rolloutId, id) {
      const place = movedLater.get(id);
      return place !== undefined && place < placeOf(rolloutId) ? flips[place]?.rolloutId : undefined;
    },
  };
}

interface Order {
  readonly subject: Subject;
  readonly ours: readonly string[];
  placeOf(rolloutId: string): number;
}

/** Those that set the other flag have moved nobody to where the rollback would find them. */
function isLater({ rolloutId, action }: FlipsNote, place: number, { subject, ours, placeOf }: Order): boolean {
  return action === subject.action && !ours.includes(rolloutId) && ours.some((one) => place < placeOf(one));
}

interface Ours {
  readonly planned: Set<string>;
  readonly back: Set<string>;
}

/** Whoever was skipped by a rule was not to be moved; whoever was not come to may have been moved along. */
async function loadOurs(ledger: OriginLedger, rolloutId: string, { planned, back }: Ours): Promise<void> {
  for await (const { customers, outcomes, reverting, reverted } of ledger.readBatches(rolloutId)) {
    const kept = new Set(
      outcomes.flatMap(({ customerId, outcome, reason }) =>
        outcome === "skipped" && !reason.startsWith(NOT_ATTEMPTED) ? customerId : [],
      ),
    );
    for (const { id } of customers) if (!kept.has(id)) planned.add(id);
    for (const id of [...reverting, ...idsOf(reverted, "flipped")]) back.add(id);
  }
}

/** Whom a rollout moved, or may have moved, and did not turn back. */
async function readStanding({ readBatches }: OriginLedger, rolloutId: string): Promise<readonly string[]> {
  const standing: string[] = [];
  for await (const batch of readBatches(rolloutId)) {
    const back = new Set(idsOf(batch.reverted, "flipped"));
    for (const { id } of findUndoable(batch)) if (!back.has(id)) standing.push(id);
  }
  return standing;
}

function idsOf(outcomes: readonly { readonly customerId: string; readonly outcome: string }[], kind: string) {
  return outcomes.flatMap(({ customerId, outcome }) => (outcome === kind ? customerId : []));
}
