import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startDynamoDb } from "../../../../local/aws/dynamodb.ts";

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

test("the table is ready: an item that was put is read back", async () => {
  await put("batch-1", 10);
  const Key = { pk: { S: "rollout" }, sk: { S: "batch-1" } };
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  expect(Item?.body).toEqual({ S: "x".repeat(10) });
});

test("a condition that does not hold refuses the write", async () => {
  await put("lock", 1, "attribute_not_exists(pk)");
  await expect(put("lock", 1, "attribute_not_exists(pk)")).rejects.toMatchObject({
    name: "ConditionalCheckFailedException",
  });
});

test("an item of 100 KB is taken, one over 400 KB refused as DynamoDB refuses it", async () => {
  await put("batch-1", 100 * 1024);
  await expect(put("batch-2", 400 * 1024)).rejects.toMatchObject({
    name: "ValidationException",
    message: "Item size has exceeded the maximum allowed size",
  });
});

test("a query answers in pages of about 1 MB, each item once and in order", async () => {
  const keys = Array.from({ length: 25 }, (_, n) => `batch-${String(n).padStart(2, "0")}`);
  for (const key of keys) await put(key, 100 * 1024);
  const pages: string[][] = [];
  let start: Record<string, { S: string }> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: "rollout" } },
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    pages.push((page.Items ?? []).map((item) => item.sk?.S ?? ""));
    start = page.LastEvaluatedKey as typeof start;
  } while (start);
  expect(pages.length).toBe(3);
  expect(pages.flat()).toEqual(keys);
});
