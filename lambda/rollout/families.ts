/**
 * Who belongs together: parents and children by their order keys (48 bits), whatever the order in which they are told.
 * A key is known once somebody was joined to it; about 22 bytes for each known key, 26 once somebody is held back.
 */
export interface Families {
  join(key: number, parentKey: number): void;
  /**
   * Where a family stands in a release's order. Somebody alone keeps the own key. A family of two or more gets a hash of
   * its smallest key: the smallest key itself would put large families first.
   */
  familyOf(key: number): number;
  /**
   * How many are above the key, however far, but not beyond so many: more than are above any of them, unless parents go
   * round in a circle.
   */
  countAncestors(key: number, most: number): number;
  /**
   * Marks everybody above the key, parents, their parents and so on, as held back for a cause, a number of the caller's
   * such as a place; whoever is marked already keeps the first cause. Parents that go round in a circle end.
   */
  holdAncestors(key: number, cause: number): void;
  /** The cause that holds the key back. */
  heldFor(key: number): number | undefined;
  isEmpty(): boolean;
  holdsAnybody(): boolean;
}

/** Also the number of "none": indexes and causes are kept plus one. */
const NONE = 0;
const MOST_LOAD = 0.8;
const KEYS = 2 ** 48;

export function createFamilies(): Families {
  const table = createKeyTable();
  /** For each key, another of its family, nearer to the smallest; the smallest points to itself. */
  let links = new Uint32Array(0);
  let parents = new Uint32Array(0);
  /** Made once somebody is held back. */
  let causes: Uint32Array | undefined;
  let holdsAnybody = false;
  /** Two readings of one customer may name two parents. */
  const moreParents = new Map<number, readonly number[]>();

  const indexOf = (key: number): number => {
    const index = table.put(key);
    if (index >= links.length) {
      const capacity = index + 1_024 + (index >> 3);
      links = enlarge(links, capacity);
      parents = enlarge(parents, capacity);
    }
    if (at(links, index) === NONE) links[index] = index + 1;
    return index;
  };
  const rootOf = (index: number): number => {
    let here = index;
    for (let next = at(links, here) - 1; next !== here; next = at(links, here) - 1) {
      links[here] = at(links, next);
      here = at(links, here) - 1;
    }
    return here;
  };
  const parentsOf = (index: number): readonly number[] => {
    const first = at(parents, index);
    return first === NONE ? [] : [first - 1, ...(moreParents.get(index) ?? [])];
  };
  const addParent = (index: number, parent: number): void => {
    const known = parentsOf(index);
    if (known.length === 0) parents[index] = parent + 1;
    else if (!known.includes(parent)) moreParents.set(index, [...known.slice(1), parent]);
  };

  return {
    join(key, parentKey) {
      if (key === parentKey) return;
      const [index, parent] = [indexOf(key), indexOf(parentKey)];
      addParent(index, parent);
      const [one, other] = [rootOf(index), rootOf(parent)];
      if (table.keyAt(one) < table.keyAt(other)) links[other] = one + 1;
      else links[one] = other + 1;
    },
    familyOf(key) {
      const index = table.find(key);
      return index === undefined ? key : spread(table.keyAt(rootOf(index)));
    },
    countAncestors(key, most) {
      const index = table.find(key);
      const above = new Set<number>();
      const open = index === undefined ? [] : [...parentsOf(index)];
      for (let next = open.pop(); next !== undefined && above.size < most; next = open.pop()) {
        if (above.has(next)) continue;
        above.add(next);
        open.push(...parentsOf(next));
      }
      return above.size;
    },
    holdAncestors(key, cause) {
      const index = table.find(key);
      if (index === undefined) return;
      if (causes === undefined || causes.length < table.size()) causes = enlarge(causes, table.size());
      const open = [...parentsOf(index)];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (at(causes, next) !== NONE) continue;
        causes[next] = cause + 1;
        holdsAnybody = true;
        open.push(...parentsOf(next));
      }
    },
    heldFor(key) {
      const index = causes === undefined ? undefined : table.find(key);
      const cause = causes === undefined || index === undefined ? NONE : at(causes, index);
      return cause === NONE ? undefined : cause - 1;
    },
    isEmpty: () => table.size() === 0,
    holdsAnybody: () => holdsAnybody,
  };
}

const HALF = 2 ** 24;
const ROUNDS = 4;

/** Shuffles the 48-bit numbers, each to another one (a Feistel network): a tenth of the time of a cryptographic hash. */
function spread(key: number): number {
  let [high, low] = [Math.floor(key / HALF), key % HALF];
  for (let round = 1; round <= ROUNDS; round += 1) [high, low] = [low, (high ^ mix(low + round * HALF)) % HALF];
  return high * HALF + low;
}

/** The last steps of MurmurHash3: every bit in changes every bit out. Without a sign. */
function mix(number: number): number {
  let mixed = number;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 8;
}

/** Numbers keys from 0 on in the order of their arrival: an open-addressing index over a list of them. */
function createKeyTable() {
  let keys = new Float64Array(0);
  let slots = new Uint32Array(16);
  let size = 0;

  /** The slot that holds the key, or the free one where it belongs. Keys are hashes: their own size spreads them. */
  const slotOf = (key: number): number => {
    let slot = Math.floor((key / KEYS) * slots.length);
    for (let taken = at(slots, slot); taken !== NONE && keys[taken - 1] !== key; taken = at(slots, slot)) {
      slot = slot + 1 === slots.length ? 0 : slot + 1;
    }
    return slot;
  };
  const growSlots = (): void => {
    slots = new Uint32Array(Math.ceil(slots.length * 1.25));
    for (let index = 0; index < size; index += 1) slots[slotOf(keys[index] as number)] = index + 1;
  };

  return {
    put(key: number): number {
      const slot = slotOf(key);
      const known = at(slots, slot);
      if (known !== NONE) return known - 1;
      if (size === keys.length) {
        const larger = new Float64Array(size + 1_024 + (size >> 3));
        larger.set(keys);
        keys = larger;
      }
      keys[size] = key;
      size += 1;
      slots[slot] = size;
      if (size > slots.length * MOST_LOAD) growSlots();
      return size - 1;
    },
    find(key: number): number | undefined {
      const index = at(slots, slotOf(key));
      return index === NONE ? undefined : index - 1;
    },
    keyAt: (index: number) => keys[index] as number,
    size: () => size,
  };
}

function enlarge(numbers: Uint32Array | undefined, capacity: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(capacity);
  if (numbers !== undefined) larger.set(numbers);
  return larger;
}

function at(numbers: Uint32Array, index: number): number {
  return numbers[index] as number;
}
