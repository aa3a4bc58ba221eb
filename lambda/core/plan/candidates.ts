import { hash } from "node:crypto";
import type { Wave } from "../../contract/wave.ts";
import { createFamilyRoots } from "./family-roots.ts";
import { indexIds } from "./id-index.ts";
import type { PlannedAction } from "./planned-action.ts";
import { createRosterRows, MOST_CODES } from "./roster-rows.ts";
import { createTextStore } from "./text-store.ts";
import { orderByWave, type RankedWave } from "./wave-order.ts";

/** A customer as the lookup found it: what a plan needs, never a whole customer. */
export interface FoundCustomer {
  /** At most 64 characters. */
  readonly id: string;
  /** At most 255 bytes, see `toShortName`. */
  readonly name: string;
  readonly accountId: string;
  /** All that Evo Voice shows: the parent and the breadcrumb. Absent for none. */
  readonly ancestorIds?: readonly string[] | undefined;
  readonly isStaging: boolean | undefined;
  /** Why this customer may not be flipped. */
  readonly skip?: string | undefined;
  /** The first wave, counted from 1, whose cohort selects the customer. */
  readonly cohortWave?: number | undefined;
}

/** What the plan says of one customer. */
export interface RosterEntry {
  readonly id: string;
  readonly name: string;
  readonly plannedAction: PlannedAction;
}

/**
 * A compact index of everybody that the lookup found, in the stable order of a release: about 70 bytes a customer
 * (id and name as bytes, an 8-byte key, a 4-byte place, a 4-byte order, a 2-byte disposition, a byte for a cohort's
 * wave), more for one that has a parent, and 6 more to narrow it, so that a million customers are planned in the memory
 * of one function.
 */
export interface Roster {
  add(customer: FoundCustomer): void;
  /**
   * Plans only the customers that `take` is given then; the others count for the families only. A customer that was not
   * added is skipped. It is called once, when all customers were added.
   */
  narrow(): { take(customer: Pick<FoundCustomer, "id" | "name">): void };
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
  /** Whether this one is to be flipped: it costs nothing to know, where id and name have to be made of their bytes. */
  isFlip(rank: number): boolean;
  /** How many bytes id and name take as JSON, without their quotes: known as cheaply. */
  jsonBytesAt(rank: number): number;
  plannedActionAt(rank: number): PlannedAction;
  idAt(rank: number): string;
  at(rank: number): RosterEntry;
}

export interface RosterOptions {
  readonly release: string;
  readonly wantedFlag: boolean;
  /** Saves growing; a lookup that was killed and repeated may have left a few rows more behind. */
  readonly expected: number;
}

const FLIP = 0;
const UNCHANGED = 1;
const FIRST_REASON = 2;
const MOST_REASONS = MOST_CODES - FIRST_REASON;

const GONE = "is not there any more: Evo Voice does not have it, or the event's targets no longer select it";

export function createRoster({ release, wantedFlag, expected }: RosterOptions): Roster {
  const rows = createRosterRows(expected);
  let families = createFamilyRoots();
  const texts = createTextStore();
  const reasons = createInterner();
  const { keyOf, placeOf, codeOf, cohortWaveOf, isPlanned } = rows;
  const idOf = (index: number) => texts.getId(placeOf(index));

  /** Which of two readings of one customer counts. Whoever is planned by one of them is planned, and in the first cohort. */
  const chooseReading = (a: number, b: number): number => {
    const difference = compareReadings(codeOf(a), codeOf(b), reasons) || texts.compareNames(placeOf(a), placeOf(b));
    const chosen = difference < 0 ? a : b;
    rows.setPlanned(chosen, isPlanned(a) || isPlanned(b));
    rows.setCohortWave(chosen, firstCohortWave(cohortWaveOf(a), cohortWaveOf(b)));
    return chosen;
  };

  /** Each customer once, families together; from here on the keys are those of the families. */
  const sort = (): Uint32Array => {
    const count = rows.count();
    for (let index = 0; index < count; index += 1) rows.setKey(index, placeOfFamily(keyOf(index)));
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    order.sort((a, b) => keyOf(a) - keyOf(b) || texts.compareIds(placeOf(a), placeOf(b)) || a - b);
    const isSame = (a: number, b: number) => keyOf(a) === keyOf(b) && texts.compareIds(placeOf(a), placeOf(b)) === 0;
    return order.subarray(0, dropRepeats(order, isSame, chooseReading));
  };

  /** The place in the order. The root itself is the smallest of its family: as a place it would put large families first. */
  const placeOfFamily = (key: number): number => {
    const root = families.findRoot(key);
    return root === undefined ? key : orderKey(release, String(root));
  };

  const add = (customer: FoundCustomer): void => {
    const { id, name, ancestorIds = [], cohortWave = 0 } = customer;
    const key = orderKey(release, id);
    const code = toCode(customer, wantedFlag, reasons);
    rows.add({ key, place: texts.put(id, name), code, cohortWave, isPlanned: true });
    for (const ancestorId of ancestorIds) families.join(key, orderKey(release, ancestorId));
  };

  return {
    add,
    narrow() {
      const added = indexIds(rows.count(), idOf);
      for (let index = 0; index < rows.count(); index += 1) rows.setPlanned(index, false);
      return {
        take({ id, name }) {
          const index = added.find(id);
          if (index === undefined) add({ id, name, accountId: "", isStaging: undefined, skip: GONE });
          else rows.setPlanned(index, true);
        },
      };
    },
    seal(asked) {
      const isFlip = (index: number) => codeOf(index) === FLIP;
      const sorted = { order: sort().filter(isPlanned), placeOf: keyOf, isFlip, cohortWaveOf };
      const { order, waves } = orderByWave(sorted, asked);
      rows.dropKeys();
      families = createFamilyRoots();
      const toPlannedAction = (index: number): PlannedAction => {
        const code = codeOf(index);
        if (code === FLIP) return "flip";
        return code === UNCHANGED ? "unchanged" : { skipped: reasons.get(code - FIRST_REASON) };
      };
      return {
        size: order.length,
        waves,
        isFlip: (rank) => isFlip(order[rank] as number),
        jsonBytesAt: (rank) => texts.jsonBytesOf(placeOf(order[rank] as number)),
        plannedActionAt: (rank) => toPlannedAction(order[rank] as number),
        idAt: (rank) => idOf(order[rank] as number),
        at(rank) {
          const index = order[rank] as number;
          return { ...texts.get(placeOf(index)), plannedAction: toPlannedAction(index) };
        },
      };
    },
  };
}

/** 0 is no cohort. */
function firstCohortWave(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
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

/** Keeps one of each run of equal customers, in place. */
function dropRepeats(
  order: Uint32Array,
  isSame: (a: number, b: number) => boolean,
  choose: (a: number, b: number) => number,
): number {
  let kept = 0;
  for (const index of order) {
    const last = kept > 0 ? order[kept - 1] : undefined;
    if (last === undefined || !isSame(last, index)) {
      order[kept] = index;
      kept += 1;
    } else {
      order[kept - 1] = choose(index, last);
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
