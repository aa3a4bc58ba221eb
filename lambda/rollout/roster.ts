import { hash } from "node:crypto";

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
}

/** What the plan says of one customer. */
export type Disposition = "flip" | "unchanged" | { readonly skipped: string };

export interface RosterEntry {
  readonly id: string;
  readonly name: string;
  readonly disposition: Disposition;
}

/**
 * A compact index of everybody that the lookup found, in the stable order of a release: about 70 bytes a customer
 * (id and name as bytes, an 8-byte key, a 4-byte place, a 4-byte order, a 2-byte disposition), so that a million
 * customers are planned in the memory of one function.
 */
export interface Roster {
  add(customer: FoundCustomer): void;
  /**
   * Sorts by the hash of release and id, and drops repeats, whatever their order: a reading that skips wins, then one
   * that flips, because a flip reads again first; of equal ones the first by reason, then by name.
   */
  seal(): Ranking;
}

/** A sealed roster: everybody found, once each, in the stable order of the release. */
export interface Ranking {
  readonly size: number;
  at(rank: number): RosterEntry;
}

const CHUNK_BYTES = 1 << 20;
const FLIP = 0;
const UNCHANGED = 1;
const FIRST_REASON = 2;
const MOST_REASONS = 0xffff - FIRST_REASON;
const MOST_TEXT_BYTES = 2 ** 32;

/** `expected` saves growing; a lookup that was killed and repeated may have left a few rows more behind. */
export function createRoster(release: string, wantedFlag: boolean, expected: number): Roster {
  let keys = new Float64Array(expected);
  let places = new Uint32Array(expected);
  let dispositions = new Uint16Array(expected);
  const texts = createTextStore();
  const reasons = createInterner();
  let count = 0;

  const grow = (capacity: number): void => {
    const [oldKeys, oldPlaces, oldDispositions] = [keys, places, dispositions];
    keys = new Float64Array(capacity);
    keys.set(oldKeys);
    places = new Uint32Array(capacity);
    places.set(oldPlaces);
    dispositions = new Uint16Array(capacity);
    dispositions.set(oldDispositions);
  };

  const toDisposition = (code: number): Disposition => {
    if (code === FLIP) return "flip";
    return code === UNCHANGED ? "unchanged" : { skipped: reasons.get(code - FIRST_REASON) };
  };

  return {
    add(customer) {
      if (count === keys.length) grow(count + 1024 + (count >> 3));
      keys[count] = orderKey(release, customer.id);
      places[count] = texts.put(customer.id, customer.name);
      dispositions[count] = toCode(customer, wantedFlag, reasons);
      count += 1;
    },
    seal() {
      const order = Uint32Array.from({ length: count }, (_, index) => index);
      order.sort((a, b) => at(keys, a) - at(keys, b) || texts.compareIds(at(places, a), at(places, b)) || a - b);
      const isSame = (a: number, b: number) =>
        at(keys, a) === at(keys, b) && texts.compareIds(at(places, a), at(places, b)) === 0;
      const size = dropRepeats(
        order,
        isSame,
        (a, b) =>
          compareReadings(at(dispositions, a), at(dispositions, b), reasons) ||
          texts.compareNames(at(places, a), at(places, b)),
      );
      return {
        size,
        at(rank) {
          const index = at(order, rank);
          return { ...texts.get(at(places, index)), disposition: toDisposition(at(dispositions, index)) };
        },
      };
    },
  };
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

/** Ids and names as bytes in blocks of a mebibyte: [id length, name length, id, name]. */
function createTextStore() {
  const blocks: Buffer[] = [];
  let used = CHUNK_BYTES;
  const locate = (place: number) => ({
    block: blocks[Math.floor(place / CHUNK_BYTES)] ?? Buffer.alloc(0),
    start: place % CHUNK_BYTES,
  });
  const idBytes = (place: number) => {
    const { block, start } = locate(place);
    return block.subarray(start + 2, start + 2 + block.readUInt8(start));
  };
  const nameBytes = (place: number) => {
    const { block, start } = locate(place);
    const from = start + 2 + block.readUInt8(start);
    return block.subarray(from, from + block.readUInt8(start + 1));
  };
  return {
    put(id: string, name: string): number {
      const idLength = Buffer.byteLength(id);
      const nameLength = Buffer.byteLength(name);
      if (used + 2 + idLength + nameLength > CHUNK_BYTES) {
        blocks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES));
        used = 0;
      }
      const place = (blocks.length - 1) * CHUNK_BYTES + used;
      if (place >= MOST_TEXT_BYTES) throw new RangeError("the roster holds 4 GiB of ids and names");
      const block = blocks.at(-1) as Buffer;
      block.writeUInt8(idLength, used);
      block.writeUInt8(nameLength, used + 1);
      block.write(id, used + 2);
      block.write(name, used + 2 + idLength);
      used += 2 + idLength + nameLength;
      return place;
    },
    get: (place: number) => ({ id: idBytes(place).toString(), name: nameBytes(place).toString() }),
    compareIds: (a: number, b: number) => Buffer.compare(idBytes(a), idBytes(b)),
    compareNames: (a: number, b: number) => Buffer.compare(nameBytes(a), nameBytes(b)),
  };
}

function at(numbers: Float64Array | Uint32Array | Uint16Array | Buffer, index: number): number {
  return numbers[index] as number;
}
