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
  QueryCommand,
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

export interface Condition {
  readonly expression: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

/** The ledger's table: consistent reads, writes of single items. */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  put(key: Key, item: Item): Promise<void>;
  /** Writes nothing and gives false when the condition does not hold. */
  putIf(key: Key, item: Item, condition: Condition): Promise<boolean>;
  /** Sets and removes attributes. Writes nothing and gives false when the condition does not hold. */
  updateIf(
    key: Key,
    change: { readonly set?: Item; readonly remove?: readonly string[] },
    condition: Condition,
  ): Promise<boolean>;
  /** The items of a partition whose sort key has the prefix, in order; only the named attributes, when they are named. */
  query(pk: string, prefix: string, attributes?: readonly string[]): AsyncGenerator<Item>;
  /** A few items in one request, in the order of the keys. Items that DynamoDB leaves out are requested again. */
  getAll(keys: readonly Key[]): Promise<readonly (Item | undefined)[]>;
}

const KEEP_DAYS = 400;

/** Of every item. A change that an older reader would misread gets the next number. */
export const SCHEMA_VERSION = 1;

export function openTable(client: DynamoDBClient, TableName: string, nowMs: () => number = Date.now): Table {
  const toItem = (key: Key, item: Item) =>
    marshall({ ...key, ...item, schemaVersion: SCHEMA_VERSION, [LEDGER_KEYS.expiry]: expiry(nowMs()) }, MARSHALL);

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
      writeIf(key, (mark) =>
        client.send(new PutItemCommand({ TableName, Item: toItem(key, { ...item, ...mark }), ...toInput(condition) })),
      ),
    updateIf: (key, { set = {}, remove = [] }, condition) =>
      writeIf(key, (mark) =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: marshall(key),
            ...toUpdate({ ...set, ...mark, schemaVersion: SCHEMA_VERSION }, remove, condition),
          }),
        ),
      ),
    async *query(pk, prefix, attributes) {
      let start: Record<string, never> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues: marshall({ ":pk": pk, ":prefix": prefix }),
            ConsistentRead: true,
            ...toProjection(attributes),
            ...(start && { ExclusiveStartKey: start }),
          }),
        );
        for (const item of Items) yield fromItem(item, `${pk} ${prefix}…`);
        start = LastEvaluatedKey as Record<string, never> | undefined;
      } while (start !== undefined);
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

function toInput({ expression, names, values }: Condition) {
  return {
    ConditionExpression: expression,
    ...(names && { ExpressionAttributeNames: { ...names } }),
    ...(values && { ExpressionAttributeValues: marshall(values, MARSHALL) }),
  };
}

function toUpdate(set: Item, remove: readonly string[], { expression, names, values }: Condition) {
  const changed = [...Object.keys(set), ...remove];
  const removes = remove.map((name) => `#${name}`).join(", ");
  return {
    UpdateExpression: [
      `SET ${Object.keys(set)
        .map((name) => `#${name} = :${name}`)
        .join(", ")}`,
      ...(removes === "" ? [] : [`REMOVE ${removes}`]),
    ].join(" "),
    ConditionExpression: expression,
    ExpressionAttributeNames: { ...Object.fromEntries(changed.map((name) => [`#${name}`, name])), ...names },
    ExpressionAttributeValues: marshall(
      { ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])), ...values },
      MARSHALL,
    ),
  };
}

function toProjection(attributes: readonly string[] | undefined) {
  if (attributes === undefined) return {};
  const names = ["schemaVersion", ...attributes];
  return {
    ProjectionExpression: names.map((name) => `#${name}`).join(", "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
  };
}
