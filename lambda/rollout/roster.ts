import { hash } from "node:crypto";
import type { Wave } from "../events/wave.ts";
import { createFamilies } from "./families.ts";
import { findHeldBack, toHeldBack } from "./held-back.ts";
import { createTextStore } from "./text-store.ts";
import { orderByWave, type RankedWave } from "./wave-order.ts";

/** A customer as the lookup found it: what a plan needs, never a whole customer. */
export interface FoundCustomer {
  /** At most 64 characters. */
  readonly id: string;
  /** At most 255 bytes, see `toShortName`. */
  readonly name: string;
  readonly accountId: string;
  readonly parentCustomerId?: string | undefined;
  readonly isStaging: boolean | undefined;
  /** Why this customer may not be flipped. */
  readonly skip?: string | undefined;
  /** The first wave, counted from 1, whose cohort selects the customer. */
  readonly cohortWave?: number | undefined;
}

/** What the plan says of one customer. */
export type Disposition = "flip" | "unchanged" | Skipped;

export interface Skipped {
  readonly skipped: string;
  /** The reason as it is counted, where the whole one names somebody. */
  readonly countedAs?: string | undefined;
}

export interface RosterEntry {
  readonly id: string;
  readonly name: string;
  readonly disposition: Disposition;
}

/**
 * A compact index of everybody that the lookup found, in the stable order of a release: about 70 bytes a customer
 * (id and name as bytes, an 8-byte key, a 4-byte place, a 4-byte order, a 2-byte disposition, a byte for a cohort's
 * wave), and 22 more for one that has a parent, so that a million customers are planned in the memory of one function.
 */
export interface Roster {
  add(customer: FoundCustomer): void;
  /**
   * Sorts by family, then by id, and drops repeats, whatever their order: a reading that skips wins, then one that flips,
   * because a flip reads again first; of equal ones the first by reason, then by name. Then deals the families out to the
   * waves. It can be called once: what only it needs is given back.
   */
  seal(waves: readonly Wave[]): Ranking;
}

/** A sealed roster: everybody found, once each, wave by wave, within each in the stable order of the release. */
export interface Ranking {
  readonly size: number;
  readonly waves: readonly RankedWave[];
  at(rank: number): RosterEntry;
}

export interface RosterOptions {
  readonly release: string;
  readonly wantedFlag: boolean;
  /** Whether an ancestor of a customer that is skipped is skipped too: Evo Voice may move it along. */
  readonly childrenFollow: boolean;
  /** Saves growing; a lookup that was killed and repeated may have left a few rows more behind. */
  readonly expected: number;
}

const NOBODY: ReadonlyMap<number, number> = new Map();
const FLIP = 0;
const UNCHANGED = 1;
const FIRST_REASON = 2;
const MOST_REASONS = 0xffff - FIRST_REASON;

export function createRoster({ release, wantedFlag, childrenFollow, expected }: RosterOptions): Roster {
  let keys = new Float64Array(expected);
  let places = new Uint32Array(expected);
  let dispositions = new Uint16Array(expected);
  let cohortWaves = new Uint8Array(expected);
  let families = createFamilies();
  const texts = createTextStore();
  const reasons = createInterner();
  let count = 0;

  const grow = (capacity: number): void => {
    const [oldKeys, oldPlaces, oldDispositions, oldCohortWaves] = [keys, places, dispositions, cohortWaves];
    keys = new Float64Array(capacity);
    keys.set(oldKeys);
    places = new Uint32Array(capacity);
    places.set(oldPlaces);
    dispositions = new Uint16Array(capacity);
    dispositions.set(oldDispositions);
    cohortWaves = new Uint8Array(capacity);
    cohortWaves.set(oldCohortWaves);
  };

  /** Everybody once, families together; from here on the keys are those of the families. */
  const sort = (): Uint32Array => {
    for (let index = 0; index < count; index += 1) keys[index] = families.familyOf(at(keys, index));
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    order.sort((a, b) => at(keys, a) - at(keys, b) || texts.compareIds(at(places, a), at(places, b)) || a - b);
    const isSame = (a: number, b: number) =>
      at(keys, a) === at(keys, b) && texts.compareIds(at(places, a), at(places, b)) === 0;
    const size = dropRepeats(
      order,
      isSame,
      (a, b) =>
        compareReadings(at(dispositions, a), at(dispositions, b), reasons) ||
        texts.compareNames(at(places, a), at(places, b)) ||
        compareCohortWaves(at(cohortWaves, a), at(cohortWaves, b)),
    );
    return order.subarray(0, size);
  };

  const holdBack = (order: Uint32Array): ReadonlyMap<number, number> =>
    findHeldBack(order, families, {
      keyOf: (index) => orderKey(release, texts.get(at(places, index)).id),
      isFlip: (index) => at(dispositions, index) === FLIP,
      isSkipped: (index) => at(dispositions, index) >= FIRST_REASON,
    });

  return {
    add(customer) {
      if (count === keys.length) grow(count + 1024 + (count >> 3));
      const key = orderKey(release, customer.id);
      keys[count] = key;
      places[count] = texts.put(customer.id, customer.name);
      dispositions[count] = toCode(customer, wantedFlag, reasons);
      cohortWaves[count] = customer.cohortWave ?? 0;
      if (customer.parentCustomerId) families.join(key, orderKey(release, customer.parentCustomerId));
      count += 1;
    },
    seal(asked) {
      const sorted = sort();
      const held = childrenFollow ? holdBack(sorted) : NOBODY;
      const { order, waves } = orderByWave(
        {
          order: sorted,
          placeOf: (index) => at(keys, index),
          isFlip: (index) => at(dispositions, index) === FLIP && !held.has(index),
          cohortWaveOf: (index) => at(cohortWaves, index),
        },
        asked,
      );
      keys = new Float64Array(0);
      families = createFamilies();
      const toDisposition = (index: number): Disposition => {
        const code = at(dispositions, index);
        const descendant = held.get(index);
        if (descendant !== undefined) return toHeldBack(texts.get(at(places, descendant)).id, reasonOf(descendant));
        if (code === FLIP) return "flip";
        return code === UNCHANGED ? "unchanged" : { skipped: reasonOf(index) };
      };
      const reasonOf = (index: number) => reasons.get(at(dispositions, index) - FIRST_REASON);
      return {
        size: order.length,
        waves,
        at(rank) {
          const index = at(order, rank);
          return { ...texts.get(at(places, index)), disposition: toDisposition(index) };
        },
      };
    },
  };
}

function compareCohortWaves(a: number, b: number): number {
  if (a === 0 || b === 0) return b - a;
  return a - b;
}

/** The place of a customer in a release's order: the same for ever, and another one in each release. */
function orderKey(release: string, customerId: string): number {
  return hash("sha256", `${release}\0${customerId}`, "buffer").readUIntBE(0, 6);
}

function toCode(customer: FoundCustomer, wantedFlag: boolean, reasons: Interner): number {
  if (customer.skip !== undefined) return FIRST_REASON + reasons.put(customer.skip);
  return customer.isStaging === wantedFlag ? UNCHANGED : FLIP;
}

/** Which of two readings of one customer counts: the lesser. */
function compareReadings(a: number, b: number, reasons: Interner): number {
  const rank = (code: number) => (code >= FIRST_REASON ? -1 : code);
  if (rank(a) !== rank(b) || rank(a) >= 0) return rank(a) - rank(b);
  const [one, other] = [reasons.get(a - FIRST_REASON), reasons.get(b - FIRST_REASON)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Keeps the least of each run of equal customers, in place. */
function dropRepeats(
  order: Uint32Array,
  isSame: (a: number, b: number) => boolean,
  compare: (a: number, b: number) => number,
): number {
  let kept = 0;
  for (const index of order) {
    const last = kept > 0 ? at(order, kept - 1) : undefined;
    if (last === undefined || !isSame(last, index)) {
      order[kept] = index;
      kept += 1;
    } else if (compare(index, last) < 0) {
      order[kept - 1] = index;
    }
  }
  return kept;
}

interface Interner {
  put(text: string): number;
  get(code: number): string;
}

function createInterner(): Interner {
  const texts: string[] = [];
  const codes = new Map<string, number>();
  return {
    put(text) {
      const known = codes.get(text);
      if (known !== undefined) return known;
      if (texts.length === MOST_REASONS) throw new RangeError(`the roster holds ${MOST_REASONS} different reasons`);
      codes.set(text, texts.length);
      return texts.push(text) - 1;
    },
    get: (code) => texts[code] ?? "",
  };
}

function at(numbers: Float64Array | Uint32Array | Uint16Array | Uint8Array, index: number): number {
  return numbers[index] as number;
}
