import { hash } from "node:crypto";

/** A customer as the lookup found it: what a plan needs, never a whole customer. */
export interface FoundCustomer {
  readonly id: string;
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
  /** Sorts by the hash of release and id, and drops repeats: a reading that skips wins, otherwise the last one. */
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

export function createRoster(release: string, wantedFlag: boolean, capacity: number): Roster {
  const keys = new Float64Array(capacity);
  const places = new Uint32Array(capacity);
  const dispositions = new Uint16Array(capacity);
  const texts = createTextStore();
  const reasons = createInterner();
  let count = 0;

  const toDisposition = (code: number): Disposition => {
    if (code === FLIP) return "flip";
    return code === UNCHANGED ? "unchanged" : { skipped: reasons.get(code - FIRST_REASON) };
  };

  return {
    add(customer) {
      if (count === capacity) throw new RangeError(`the roster holds ${capacity} customers`);
      keys[count] = orderKey(release, customer.id);
      places[count] = texts.put(customer.id, customer.name);
      dispositions[count] = toCode(customer, wantedFlag, reasons);
      count += 1;
    },
    seal() {
      const order = Uint32Array.from({ length: count }, (_, index) => index);
      order.sort((a, b) => at(keys, a) - at(keys, b) || texts.compareIds(at(places, a), at(places, b)) || a - b);
      const size = dropRepeats(
        order,
        (a, b) => at(keys, a) === at(keys, b) && texts.compareIds(at(places, a), at(places, b)) === 0,
        dispositions,
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

/** Keeps one of each run of equal customers, in place. */
function dropRepeats(order: Uint32Array, isSame: (a: number, b: number) => boolean, dispositions: Uint16Array): number {
  let kept = 0;
  for (const index of order) {
    const last = kept > 0 ? at(order, kept - 1) : undefined;
    if (last === undefined || !isSame(last, index)) {
      order[kept] = index;
      kept += 1;
    } else if (at(dispositions, last) < FIRST_REASON) {
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
  return {
    put(id: string, name: string): number {
      const idLength = Buffer.byteLength(id);
      const nameBytes = Buffer.from(name).subarray(0, 255);
      if (used + 2 + idLength + nameBytes.length > CHUNK_BYTES) {
        blocks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES));
        used = 0;
      }
      const place = (blocks.length - 1) * CHUNK_BYTES + used;
      const block = blocks.at(-1) as Buffer;
      block.writeUInt8(idLength, used);
      block.writeUInt8(nameBytes.length, used + 1);
      block.write(id, used + 2);
      nameBytes.copy(block, used + 2 + idLength);
      used += 2 + idLength + nameBytes.length;
      return place;
    },
    get(place: number): { readonly id: string; readonly name: string } {
      const { block, start } = locate(place);
      const id = idBytes(place);
      const nameStart = start + 2 + id.length;
      return { id: id.toString(), name: block.toString("utf8", nameStart, nameStart + block.readUInt8(start + 1)) };
    },
    compareIds: (a: number, b: number) => Buffer.compare(idBytes(a), idBytes(b)),
  };
}

function at(numbers: Float64Array | Uint32Array | Uint16Array, index: number): number {
  return numbers[index] as number;
}
