import { ABSENT, type Condition, type Item, type Key, PRESENT, type Table } from "../../../lambda/ledger/table.ts";

/** The ledger's table in memory, with DynamoDB's conditions, as far as the ledger uses them. */
export interface MemoryTable {
  get(key: Key): Item | undefined;
  put(key: Key, item: Item): void;
  putIf(key: Key, item: Item, condition: Condition): boolean;
  updateIf(key: Key, change: Parameters<Table["updateIf"]>[1], condition: Condition): boolean;
  query(beginning: Key, attributes?: readonly string[]): readonly Item[];
  items(): readonly Item[];
}

/** Hears of every write that was made. */
export type WriteListener = (key: Key, before: Item | undefined, after: Item) => void;

export function createMemoryTable(wrote: WriteListener): MemoryTable {
  const items = new Map<string, Item>();
  const toId = ({ pk, sk }: Key) => `${pk}\0${sk}`;

  function write(key: Key, item: Item): true {
    const before = items.get(toId(key));
    const after = toStored({ ...item, pk: key.pk, sk: key.sk }) as Item;
    items.set(toId(key), after);
    wrote(key, before, after);
    return true;
  }

  const get = (key: Key) => items.get(toId(key));
  return {
    get,
    put: write,
    putIf: (key, item, condition) => holds(get(key), condition) && write(key, item),
    updateIf(key, { set = {}, remove = [] }, condition) {
      const before = get(key);
      if (!holds(before, condition)) return false;
      const kept = Object.entries(before ?? {}).filter(([name]) => !remove.includes(name));
      return write(key, { ...Object.fromEntries(kept), ...set });
    },
    query: ({ pk, sk }, attributes) =>
      [...items.values()]
        .filter((item) => item.pk === pk && String(item.sk).startsWith(sk))
        .sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1))
        .map((item) => (attributes === undefined ? item : pick(item, attributes))),
    items: () => [...items.values()],
  };
}

/** How an operation is made, and when. */
export type Call = <Result>(what: string, effect: () => Result) => Promise<Result>;

export const AT_ONCE: Call = async (_what, effect) => effect();

/** The table as the ledger knows it. */
export function toTable(memory: MemoryTable, call: Call): Table {
  const nameOf = ({ pk, sk }: Key) => `${pk} ${sk}`;
  return {
    get: (key) => call(`get ${nameOf(key)}`, () => memory.get(key)),
    put: (key, item) => call(`put ${nameOf(key)}`, () => memory.put(key, item)),
    putIf: (key, item, condition) => call(`put ${nameOf(key)}`, () => memory.putIf(key, item, condition)),
    updateIf: (key, change, condition) => call(`update ${nameOf(key)}`, () => memory.updateIf(key, change, condition)),
    async *query(beginning, attributes) {
      yield* await call(`query ${nameOf(beginning)}`, () => memory.query(beginning, attributes));
    },
    getAll: (keys) => call(`get ${keys.map(nameOf).join(", ")}`, () => keys.map((key) => memory.get(key))),
  };
}

/** A copy without what is undefined, as the marshaller makes it. */
function toStored(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(toStored);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === undefined ? [] : [[name, toStored(member)]])),
  );
}

function pick(item: Item, attributes: readonly string[]): Item {
  return Object.fromEntries(attributes.flatMap((name) => (name in item ? [[name, item[name]]] : [])));
}

function holds(item: Item | undefined, condition: Condition): boolean {
  return Object.entries(condition).every(([name, expected]) => {
    const value = item?.[name];
    if (expected === ABSENT || expected === PRESENT) return (value === undefined) === (expected === ABSENT);
    return [expected].flat().includes(value);
  });
}
