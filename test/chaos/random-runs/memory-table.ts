import { ABSENT, type Condition, type Item, type Key, PRESENT, type Table } from "../../../lambda/ledger/table.ts";

/** How an operation is made, and when. */
export type Call = <Result>(what: string, effect: () => Result) => Promise<Result>;

export const AT_ONCE: Call = async (_what, effect) => effect();

/** Hears of every write that was made. */
type WriteListener = (key: Key, after: Item) => void;

/** The ledger's table in memory, with DynamoDB's conditions, as far as the ledger uses them, for each way to call it. */
export function createMemoryTable(wrote: WriteListener = () => undefined): (call: Call) => Table {
  const items = new Map<string, Item>();
  const nameOf = ({ pk, sk }: Key) => `${pk} ${sk}`;
  const get = (key: Key) => items.get(nameOf(key));

  function put(key: Key, item: Item): true {
    const after = toStored({ ...item, pk: key.pk, sk: key.sk }) as Item;
    items.set(nameOf(key), after);
    wrote(key, after);
    return true;
  }

  function update(key: Key, { set = {}, remove = [] }: Parameters<Table["updateIf"]>[1]): true {
    const kept = Object.entries(get(key) ?? {}).filter(([name]) => !remove.includes(name));
    return put(key, { ...Object.fromEntries(kept), ...set });
  }

  const query = ({ pk, sk }: Key, attributes?: readonly string[]) =>
    [...items.values()]
      .filter((item) => item.pk === pk && String(item.sk).startsWith(sk))
      .sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1))
      .map((item) => (attributes === undefined ? item : pick(item, attributes)));

  return (call) => ({
    get: (key) => call(`get ${nameOf(key)}`, () => get(key)),
    put: (key, item) => call(`put ${nameOf(key)}`, () => void put(key, item)),
    putIf: (key, item, condition) => call(`put ${nameOf(key)}`, () => holds(get(key), condition) && put(key, item)),
    updateIf: (key, change, condition) =>
      call(`update ${nameOf(key)}`, () => holds(get(key), condition) && update(key, change)),
    async *query(beginning, attributes) {
      yield* await call(`query ${nameOf(beginning)}`, () => query(beginning, attributes));
    },
    getAll: (keys) => call(`get ${keys.map(nameOf).join(", ")}`, () => keys.map(get)),
  });
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
