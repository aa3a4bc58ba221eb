import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { startDynamoDb } from "../../../../local/aws/dynamodb.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";

const TableName = "ledger";
let dynamodb: Awaited<ReturnType<typeof startDynamoDb>>;
let client: DynamoDBClient;

beforeEach(async () => {
  dynamodb = await startDynamoDb({ tableName: TableName });
  client = new DynamoDBClient({
    endpoint: dynamodb.address,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await dynamodb.close();
});

const put = (sk: string, bytes: number, condition?: string) =>
  client.send(
    new PutItemCommand({
      TableName,
      Item: { pk: { S: "rollout" }, sk: { S: sk }, body: { S: "x".repeat(bytes) } },
      ...(condition ? { ConditionExpression: condition } : {}),
    }),
  );

test("an item of 100 KB is accepted, an item over 400 KB is refused as in DynamoDB", async () => {
  await put("batch-1", 100 * 1024);
  await expect(put("batch-2", 400 * 1024)).rejects.toMatchObject({
    name: "ValidationException",
    message: "Item size has exceeded the maximum allowed size",
  });
});
