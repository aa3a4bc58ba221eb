import type { Ranking, RosterEntry } from "./candidates.ts";
import { indexIds } from "./id-index.ts";

/** What a plan says of one customer. */
export interface PlannedEntry extends RosterEntry {
  /** Counted from 1; of those who are to be flipped. */
  readonly wave?: number | undefined;
}

/** The graver first: who is flipped although the plan that somebody looked at does not hold it. */
const KINDS = [
  "to be flipped now",
  "no longer to be flipped",
  "in another wave",
  "left out for another reason",
] as const;
export type ChangeKind = (typeof KINDS)[number];

export interface PlanChanges {
  readonly counts: Readonly<Record<ChangeKind, number>>;
  /** At most 20 of them, the graver kinds first. */
  readonly named: readonly ChangedCustomer[];
}

export interface ChangedCustomer {
  readonly id: string;
  readonly name: string;
  readonly kind: ChangeKind;
  readonly before: string;
  readonly after: string;
}

/** Takes in an earlier plan customer by customer, in any order. */
export interface PlanComparison {
  addBefore(entry: PlannedEntry): void;
  /** Once every customer of the earlier plan was added. */
  changes(): PlanChanges;
}

const MOST_NAMED = 20;
const NOT_THERE = "not found";

/**
 * Says what changed since an earlier plan, such as a dry run's. The plan of now is at hand, the earlier one streams by:
 * it takes 7 bytes for each customer of now.
 */
export function comparePlans(now: Ranking): PlanComparison {
  const ranks = indexIds(now.size, (rank) => now.at(rank).id);
  const seen = new Uint8Array(now.size);
  const changed = new Map(KINDS.map((kind) => [kind, { count: 0, named: [] as ChangedCustomer[] }]));

  const entryAt = (rank: number): PlannedEntry => ({
    ...now.at(rank),
    wave: now.waves.findIndex(({ to }) => rank < to) + 1,
  });
  const compare = (before: PlannedEntry | undefined, after: PlannedEntry | undefined): void => {
    const kind = toKind(before, after);
    const changes = kind === undefined ? undefined : changed.get(kind);
    if (kind === undefined || changes === undefined) return;
    changes.count += 1;
    const { id = "", name = "" } = after ?? before ?? {};
    if (changes.named.length < MOST_NAMED)
      changes.named.push({ id, name, kind, before: describe(before), after: describe(after) });
  };

  return {
    addBefore(entry) {
      const rank = ranks.find(entry.id);
      if (rank !== undefined) seen[rank] = 1;
      compare(entry, rank === undefined ? undefined : entryAt(rank));
    },
    changes() {
      for (const [rank, isSeen] of seen.entries()) if (isSeen === 0) compare(undefined, entryAt(rank));
      return {
        counts: Object.fromEntries([...changed].map(([kind, { count }]) => [kind, count])) as PlanChanges["counts"],
        named: [...changed.values()].flatMap(({ named }) => named).slice(0, MOST_NAMED),
      };
    },
  };
}

/** For a refusal: how many of each kind, then who. */
export function describeChanges({ counts, named }: PlanChanges): string {
  const kinds = KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  if (kinds.length === 0) return "nobody is in another wave; the bakes, or the order within a wave, are others";
  const more = KINDS.reduce((sum, kind) => sum + counts[kind], 0) - named.length;
  const customers = named.map(({ id, name, before, after }) => `${id} (${name}): ${before} → ${after}`);
  return `${kinds.join(", ")}: ${customers.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

function toKind(before: PlannedEntry | undefined, after: PlannedEntry | undefined): ChangeKind | undefined {
  const [was, is] = [before?.plannedAction === "flip", after?.plannedAction === "flip"];
  if (was !== is) return is ? "to be flipped now" : "no longer to be flipped";
  if (was) return before?.wave === after?.wave ? undefined : "in another wave";
  return describe(before) === describe(after) ? undefined : "left out for another reason";
}

function describe(entry: PlannedEntry | undefined): string {
  if (entry === undefined) return NOT_THERE;
  const { plannedAction, wave } = entry;
  if (plannedAction === "flip") return wave === undefined ? "to be flipped" : `wave ${wave}`;
  return plannedAction === "unchanged" ? "unchanged" : `skipped, ${plannedAction.skipped}`;
}
