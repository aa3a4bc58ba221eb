import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { createLedger } from "../../../../lambda/ledger/ledger.ts";
import { openTable } from "../../../../lambda/ledger/table.ts";
import { startDynamoDb } from "../../../../local/aws/dynamodb.ts";
import type { LoopbackServer } from "../../../../local/aws/loopback.ts";
import { type DynamoDbProxy, type ProxyListener, startDynamoDbProxy } from "../../../support/dynamodb-proxy.ts";
import { afterAll, afterEach, beforeAll } from "../../../support/jest.ts";
import { TABLE } from "../../../support/ledger.ts";

export const ENVIRONMENT = "https://evovoice.io";
export const NOW_MS = Date.parse("2026-11-23T02:00:00Z");

/** For a file of tests: a table on loopback, empty before each test, at a time that stands still. */
export function useTable() {
  let dynamodb: LoopbackServer;
  let proxy: DynamoDbProxy | undefined;
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const endpoint = async () => ({ url: new URL((proxy ?? dynamodb).address) });
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  const table = openTable(client, TABLE, () => NOW_MS);

  async function scan(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE, ConsistentRead: true }));
    return Items.map((item) => unmarshall(item));
  }

  beforeAll(async () => {
    dynamodb = await startDynamoDb({ tableName: TABLE });
  });
  afterEach(async () => {
    await proxy?.close();
    proxy = undefined;
    // A scan and a batch of deletions have a largest size.
    for (let items = await scan(); items.length > 0; items = await scan()) {
      const deletions = items.slice(0, 25).map(({ pk, sk }) => ({ DeleteRequest: { Key: marshall({ pk, sk }) } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: deletions } }));
    }
  });
  afterAll(async () => {
    client.destroy();
    await dynamodb.close();
  });

  return {
    table,
    ledger: createLedger(table, ENVIRONMENT),
    /** Puts a proxy before the table until the end of the test, which tells of every request. */
    async listen(listener: ProxyListener): Promise<void> {
      proxy ??= await startDynamoDbProxy(dynamodb.address);
      proxy.listener = listener;
    },
    /** Writes an item as it is, such as one of another version of Cutover. */
    async putRaw(item: Readonly<Record<string, unknown>>): Promise<void> {
      await client.send(new PutItemCommand({ TableName: TABLE, Item: marshall(item) }));
    },
    /** Every item, as it is kept. */
    scan,
  };
}
