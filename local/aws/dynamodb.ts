import { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { LEDGER_KEYS } from "../../lambda/ledger/table-schema.ts";
import { type LoopbackServer, listenServerOnLoopback } from "./loopback.ts";

/** DynamoDB's wire protocol in this process, with the ledger's table ready for use: in memory, or in a folder that outlives it. */
export async function startDynamoDb(given: {
  readonly tableName: string;
  readonly folder?: string | undefined;
}): Promise<LoopbackServer> {
  const database = dynalite({
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
    ...(given.folder && { path: given.folder }),
  });
  // dynalite's own close also ends the database. Writes of a killed worker may still be in progress and would throw.
  database.close = Server.prototype.close;
  const server = await listenServerOnLoopback(database);
  await createTable(server.address, given.tableName);
  return server;
}

async function createTable(endpoint: string, tableName: string): Promise<void> {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  const { partition, sort } = LEDGER_KEYS;
  const create = new CreateTableCommand({
    TableName: tableName,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: partition, KeyType: "HASH" },
      { AttributeName: sort, KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: partition, AttributeType: "S" },
      { AttributeName: sort, AttributeType: "S" },
    ],
  });
  await client.send(create).catch((error: Error) => {
    // The folder has the table of an earlier start.
    if (error.name !== "ResourceInUseException") throw error;
  });
  while (!(await isActive(client, tableName))) await sleep(2);
  client.destroy();
}

/** The SDK's waiter sleeps at least a second; this table is active within a millisecond. */
async function isActive(client: DynamoDBClient, tableName: string): Promise<boolean> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  return Table?.TableStatus === "ACTIVE";
}
