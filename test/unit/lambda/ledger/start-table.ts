import { DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { openTable, type Table } from "../../../../lambda/ledger/table.ts";
import { startDynamoDb } from "../../../../local/aws/dynamodb.ts";
import { type DynamoDbProxy, startDynamoDbProxy } from "../../../support/dynamodb-proxy.ts";
import { TABLE } from "../../../support/ledger.ts";

export const NOW_MS = Date.parse("2026-11-23T02:00:00Z");

export interface TestTable {
  readonly table: Table;
  readonly proxy: DynamoDbProxy;
  /** Writes an item as it is, such as one of another version of Cutover. */
  putRaw(item: Readonly<Record<string, unknown>>): Promise<void>;
  /** Every item, as it is kept. */
  scan(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

/** A table on loopback behind a proxy, at a time that stands still. */
export async function startTable(): Promise<TestTable> {
  const dynamodb = await startDynamoDb({ tableName: TABLE });
  const proxy = await startDynamoDbProxy(dynamodb.address);
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint: proxy.address, region: "us-east-1", credentials });
  return {
    table: openTable(client, TABLE, () => NOW_MS),
    proxy,
    async putRaw(item) {
      await client.send(new PutItemCommand({ TableName: TABLE, Item: marshall(item) }));
    },
    async scan() {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE, ConsistentRead: true }));
      return Items.map((item) => unmarshall(item));
    },
    async close() {
      client.destroy();
      await proxy.close();
      await dynamodb.close();
    },
  };
}
