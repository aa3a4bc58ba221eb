import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  type KeysAndAttributes,
  PutItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { FinalError } from "../core/final-error.ts";
import { LEDGER_KEYS } from "./table-schema.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export type Item = Readonly<Record<string, unknown>>;

export const ABSENT = Symbol("absent");
export const PRESENT = Symbol("present");

/** What each named attribute must be: this value, one value of this list, `ABSENT` or `PRESENT`. `pk` stands for the item. */
export type Condition = Readonly<Record<string, unknown>>;

/** The ledger's table: consistent reads, writes of single items. */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  put(key: Key, item: Item): Promise<void>;
  /** Writes nothing and gives false when the condition does not hold. */
  putIf(key: Key, item: Item, condition: Condition): Promise<boolean>;
  /** Sets and removes attributes. Writes nothing and gives false when the condition does not hold. */
  updateIf(key: Key, change: Partial<Change>, condition: Condition): Promise<boolean>;
  /** A few items in one request, in the order of the keys. Items that DynamoDB leaves out are requested again. */
  getAll(keys: readonly Key[]): Promise<readonly (Item | undefined)[]>;
  /** The items of the key's partition whose sort key begins as the key's, in order; by default with all attributes. */
  query(beginning: Key, attributes?: readonly string[]): AsyncGenerator<Item>;
}

const KEEP_DAYS = 400;

/** Of every item. A change that an older reader would misread gets the next number. */
export const SCHEMA_VERSION = 1;

export function openTable(client: DynamoDBClient, TableName: string, nowMs: () => number = Date.now): Table {
  const toFacts = () => ({ schemaVersion: SCHEMA_VERSION, writtenAtMs: nowMs() });
  const toItem = (key: Key, item: Item) =>
    marshall({ ...key, ...item, ...toFacts(), [LEDGER_KEYS.expiry]: expiry(nowMs()) }, MARSHALL);

  async function get(key: Key): Promise<Item | undefined> {
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: marshall(key), ConsistentRead: true }));
    return Item && fromItem(Item, `${key.pk} ${key.sk}`);
  }

  /**
   * The SDK repeats a write whose reply was lost, and DynamoDB refuses the repeat, because the first attempt was written.
   * So each write has a mark of its own, by which the writer recognises its write.
   */
  async function writeIf(key: Key, write: (mark: Item) => Promise<unknown>): Promise<boolean> {
    const writtenBy = randomUUID();
    try {
      await write({ writtenBy });
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return (await get(key))?.writtenBy === writtenBy;
    }
  }

  return {
    get,
    async put(key, item) {
      await client.send(new PutItemCommand({ TableName, Item: toItem(key, item) }));
    },
    putIf: (key, item, condition) =>
      writeIf(key, (mark) => {
        const Item = toItem(key, { ...item, ...mark });
        return client.send(new PutItemCommand({ TableName, Item, ...toInput(condition) }));
      }),
    updateIf: (key, { set = {}, remove = [] }, condition) =>
      writeIf(key, (mark) => {
        const change = { set: { ...set, ...mark, ...toFacts() }, remove };
        return client.send(new UpdateItemCommand({ TableName, Key: marshall(key), ...toInput(condition, change) }));
      }),
    async *query({ pk, sk }, attributes) {
      const pages = paginateQuery(
        { client },
        {
          TableName,
          KeyConditionExpression: "pk = :pk AND begins_with(sk, :sk)",
          ExpressionAttributeValues: marshall({ ":pk": pk, ":sk": sk }),
          ConsistentRead: true,
          ...toProjection(attributes),
        },
      );
      for await (const { Items = [] } of pages) for (const item of Items) yield fromItem(item, `${pk} ${sk}…`);
    },
    async getAll(keys) {
      const found: Item[] = [];
      let asked: KeysAndAttributes | undefined = { Keys: keys.map((key) => marshall(key)), ConsistentRead: true };
      for (let attempt = 0; asked !== undefined; attempt += 1) {
        if (attempt === MOST_ASKED) throw new Error(`DynamoDB left items of ${TableName} out ${MOST_ASKED} times`);
        if (attempt > 0) await sleep(Math.random() * 10 * 2 ** attempt);
        const reply: BatchGetItemCommandOutput = await client.send(
          new BatchGetItemCommand({ RequestItems: { [TableName]: asked } }),
        );
        found.push(...(reply.Responses?.[TableName] ?? []).map((item) => fromItem(item, TableName)));
        asked = reply.UnprocessedKeys?.[TableName];
      }
      return keys.map(({ pk, sk }) => found.find((item) => item.pk === pk && item.sk === sk));
    },
  };
}

const MOST_ASKED = 8;

/** @throws FinalError for an item of a schema version that this code does not know */
function fromItem(item: Record<string, AttributeValue>, place: string): Item {
  const { schemaVersion, ...read } = unmarshall(item);
  if (schemaVersion === SCHEMA_VERSION) return read;
  const version = schemaVersion === undefined ? "(none)" : String(schemaVersion);
  throw new FinalError({ code: "unknown-schema", item: place, version });
}

const MARSHALL = { removeUndefinedValues: true } as const;

function expiry(nowMs: number): number {
  return Math.floor(nowMs / 1000) + KEEP_DAYS * 86_400;
}

interface Change {
  readonly set: Item;
  readonly remove: readonly string[];
}

/** The expressions of a conditional write; a write without a change replaces the item. */
function toInput(condition: Condition, { set, remove }: Change = { set: {}, remove: [] }) {
  const sets = Object.entries(set).map(([name, value]) => ({
    text: `#${name} = :${name}`,
    values: { [`:${name}`]: value },
  }));
  const clauses = Object.entries(condition).map(toClause);
  const values = Object.assign({}, ...[...sets, ...clauses].map((each) => each.values)) as Item;
  const updates = [
    ...toUpdate(
      "SET",
      sets.map(({ text }) => text),
    ),
    ...toUpdate(
      "REMOVE",
      remove.map((name) => `#${name}`),
    ),
  ];
  return {
    ...(updates.length > 0 && { UpdateExpression: updates.join(" ") }),
    ConditionExpression: clauses.map(({ text }) => text).join(" AND "),
    ExpressionAttributeNames: toNames([...Object.keys(set), ...remove, ...Object.keys(condition)]),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: marshall(values, MARSHALL) }),
  };
}

function toUpdate(word: "SET" | "REMOVE", parts: readonly string[]): readonly string[] {
  return parts.length === 0 ? [] : [`${word} ${parts.join(", ")}`];
}

/** `attribute_not_exists(#lock)` or `#fence IN (:fence_0)`. */
function toClause([name, expected]: readonly [string, unknown]): { readonly text: string; readonly values: Item } {
  if (expected === ABSENT) return { text: `attribute_not_exists(#${name})`, values: {} };
  if (expected === PRESENT) return { text: `attribute_exists(#${name})`, values: {} };
  const values = Object.fromEntries([expected].flat().map((value, index) => [`:${name}_${index}`, value]));
  return { text: `#${name} IN (${Object.keys(values).join(", ")})`, values };
}

function toProjection(attributes: readonly string[] | undefined) {
  if (attributes === undefined) return {};
  const names = ["schemaVersion", ...attributes];
  return {
    ProjectionExpression: names.map((name) => `#${name}`).join(", "),
    ExpressionAttributeNames: toNames(names),
  };
}

function toNames(attributes: readonly string[]) {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]));
}
