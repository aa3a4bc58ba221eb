import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type EventBridge, startEventBridge } from "../../../../local/aws/event-bridge.ts";

let eventBridge: EventBridge;
let client: EventBridgeClient;

beforeEach(async () => {
  eventBridge = await startEventBridge();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new EventBridgeClient({ endpoint: eventBridge.address, region: "us-east-1", credentials, maxAttempts: 1 });
});

afterEach(async () => {
  client.destroy();
  await eventBridge.close();
});

const ENTRY = { Source: "com.example", DetailType: "News", Detail: '{"a":1}' };
const put = (...Entries: object[]) => client.send(new PutEventsCommand({ Entries }));

test("keeps what came, on the default bus unless another is named", async () => {
  const { FailedEntryCount, Entries } = await put(ENTRY, { ...ENTRY, EventBusName: "deployments" });
  expect([FailedEntryCount, Entries?.length]).toEqual([0, 2]);
  expect(eventBridge.events()).toEqual([
    { bus: "default", source: "com.example", detailType: "News", detail: { a: 1 } },
    { bus: "deployments", source: "com.example", detailType: "News", detail: { a: 1 } },
  ]);
});

test("refuses single entries with an answer of 200, as EventBridge does", async () => {
  const { FailedEntryCount, Entries = [] } = await put(
    { ...ENTRY, Detail: "no JSON" },
    { ...ENTRY, Source: "aws.mine" },
    ENTRY,
  );
  expect(FailedEntryCount).toBe(2);
  expect(Entries.map(({ ErrorCode }) => ErrorCode)).toEqual(["MalformedDetail", "NotAuthorizedForSource", undefined]);
  expect(eventBridge.events()).toHaveLength(1);
});

test("refuses more than 256 KB or ten entries", async () => {
  const large = { ...ENTRY, Detail: JSON.stringify({ text: "x".repeat(262_144) }) };
  await expect(put(large)).rejects.toMatchObject({ name: "ValidationException" });
  await expect(put(...Array.from({ length: 11 }, () => ENTRY))).rejects.toMatchObject({ name: "ValidationException" });
});

test("the SDK speaks AWS JSON 1.1", async () => {
  const sent: unknown[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      sent.push((args.request as { headers: unknown }).headers);
      return next(args);
    },
    { step: "finalizeRequest" },
  );
  await put(ENTRY);
  expect(sent).toMatchObject([{ "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSEvents.PutEvents" }]);
});
