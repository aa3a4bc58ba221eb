import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { type EventBridge, startEventBridge } from "../../../../local/aws/event-bridge.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";

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
