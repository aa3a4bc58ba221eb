import { hash } from "node:crypto";
import type { Wave } from "../../contract/wave.ts";
import type { Reason } from "../reasons.ts";
import { createFamilyRoots } from "./family-roots.ts";
import type { PlannedCustomer } from "./planned-customer.ts";
import { assignWaves, type Family } from "./waves.ts";

/** A customer that the lookup found and the plan decides about. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly referenceId?: string | undefined;
  /** All ancestors that Evo Voice shows: the parent and the breadcrumb. Absent for none. */
  readonly ancestorIds?: readonly string[] | undefined;
  readonly isStaging: boolean | undefined;
  /** Why this customer may not be flipped. */
  readonly skip?: Reason | undefined;
  /** The first wave, counted from 1, whose cohort selects the customer. */
  readonly cohortWave?: number | undefined;
}

/** What the plan says of one customer. */
export interface PlannedCandidate {
  readonly id: string;
  readonly name: string;
  readonly referenceId?: string | undefined;
  readonly plannedAction: PlannedAction;
  /** Counted from 1. */
  readonly wave: number;
}

/** What the plan does with a customer; a skipped customer has its reason. */
export type PlannedAction = "flip" | "unchanged" | { readonly skipped: Reason };

/** One wave's customers in the order of the release; the unchanged and the skipped stand among those to be flipped. */
export interface CandidateWave {
  readonly candidates: readonly PlannedCandidate[];
  /** How many of them are to be flipped. */
  readonly flips: number;
  readonly bakeSeconds: number;
  readonly approvalSeconds?: number | undefined;
  /** Why the wave is not as it was asked for. */
  readonly note?: Reason | undefined;
}

/** Collects the candidates of a rollout, then puts them into waves. */
export interface Candidates {
  /**
   * Adds a customer as one page showed it. When pages showed a customer twice, one reading counts, in any order of the
   * pages: one that skips, then one that flips (a flip reads the customer again first), then the first by reason and name.
   */
  add(candidate: Candidate): void;
  /** Says, after all customers were added, that a retry plans this one. A customer that was not added is skipped. */
  markRemaining(customer: PlannedCustomer): void;
  /**
   * Every customer once, in the order of the release: families by their place in it, each family in one wave. `choose`
   * gets the number of customers to flip.
   */
  toWaves(choose: (flips: number) => readonly Wave[]): readonly CandidateWave[];
}

export interface CandidateOptions {
  readonly release: string;
  readonly wantedFlag: boolean;
  /** A retry plans only the customers that are marked as remaining; the others only show families. @default false */
  readonly isRetry?: boolean | undefined;
}

export function createCandidates({ release, wantedFlag, isRetry = false }: CandidateOptions): Candidates {
  const byId = new Map<string, Entry>();
  const remaining = new Set<string>();
  const families = createFamilyRoots();

  function add({ id, name, referenceId, ancestorIds = [], isStaging, skip, cohortWave }: Candidate): void {
    const key = orderKey(release, id);
    for (const ancestorId of ancestorIds) families.join(key, orderKey(release, ancestorId));
    const unlessSkipped = isStaging === wantedFlag ? "unchanged" : "flip";
    const plannedAction = skip === undefined ? unlessSkipped : { skipped: skip };
    const entry: Entry = { id, name, referenceId, plannedAction, cohortWave, place: key, wave: 0 };
    const known = byId.get(id);
    byId.set(id, known === undefined ? entry : chooseReading(known, entry));
  }

  /** The root is the smallest key of a family: as a place it would put large families first. */
  function toPlace(key: number): number {
    const root = families.findRoot(key);
    return root === undefined ? key : orderKey(release, String(root));
  }

  return {
    add,
    markRemaining(customer) {
      if (!byId.has(customer.id)) add({ ...customer, isStaging: undefined, skip: { code: "no-longer-found" } });
      remaining.add(customer.id);
    },
    toWaves(choose) {
      const planned = [...byId.values().filter(({ id }) => !isRetry || remaining.has(id))];
      for (const entry of planned) entry.place = toPlace(entry.place);
      planned.sort((a, b) => a.place - b.place || compareTexts(a.id, b.id));
      const flips = planned.reduce((sum, { plannedAction }) => sum + Number(plannedAction === "flip"), 0);
      return putIntoWaves(planned, choose(flips));
    },
  };
}

/** A customer until it has its wave. */
interface Entry extends Mutable<PlannedCandidate> {
  cohortWave: number | undefined;
  /** The customer's order key; in the end that of its family. */
  place: number;
}

/**
 * The same for ever in one release, another one in the next. A signed number of 32 bits needs no memory of its own. Of a
 * million customers some hundred pairs share a key: such a pair stays in one wave, like a family.
 */
function orderKey(release: string, customerId: string): number {
  return hash("sha256", `${release}\0${customerId}`, "buffer").readUInt32BE() - 2 ** 31;
}

/** A customer belongs to the first of the cohorts that its readings name. */
function chooseReading(a: Entry, b: Entry): Entry {
  const difference = compareActions(a.plannedAction, b.plannedAction) || compareTexts(a.name, b.name);
  const chosen = difference < 0 ? a : b;
  const cohortWave = Math.min(a.cohortWave ?? Infinity, b.cohortWave ?? Infinity);
  chosen.cohortWave = cohortWave === Infinity ? undefined : cohortWave;
  return chosen;
}

function compareActions(a: PlannedAction, b: PlannedAction): number {
  if (typeof a === "object" && typeof b === "object")
    return compareTexts(JSON.stringify(a.skipped), JSON.stringify(b.skipped));
  return toRank(a) - toRank(b);
}

function toRank(action: PlannedAction): number {
  if (typeof action === "object") return 0;
  return action === "flip" ? 1 : 2;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function putIntoWaves(sorted: readonly Entry[], asked: readonly Wave[]): readonly CandidateWave[] {
  const families = toFamilies(sorted);
  const { waveOf, customers, notes } = assignWaves(families, asked);
  const candidates = asked.map((): PlannedCandidate[] => []);
  let next = 0;
  for (const [family, { size }] of families.entries()) {
    const wave = waveOf[family] as number;
    for (const end = next + size; next < end; next += 1) {
      const entry = sorted[next] as Entry;
      entry.wave = wave + 1;
      candidates[wave]?.push(entry);
    }
  }
  return asked.map(({ size: _size, ...waits }, wave) => ({
    candidates: candidates[wave] ?? [],
    flips: customers[wave] ?? 0,
    ...waits,
    ...(notes[wave] !== undefined && { note: notes[wave] }),
  }));
}

/** Customers with one place are one family. Only those to be flipped take it to their cohort's wave. */
function toFamilies(sorted: readonly Entry[]): readonly Family[] {
  const families: Mutable<Family>[] = [];
  let place: number | undefined;
  for (const entry of sorted) {
    if (entry.place !== place) families.push({ size: 0, flips: 0, cohortWave: 0 });
    place = entry.place;
    const family = families.at(-1) as Mutable<Family>;
    family.size += 1;
    if (entry.plannedAction !== "flip") continue;
    family.flips += 1;
    if (entry.cohortWave !== undefined && (family.cohortWave === 0 || entry.cohortWave < family.cohortWave))
      family.cohortWave = entry.cohortWave;
  }
  return families;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
