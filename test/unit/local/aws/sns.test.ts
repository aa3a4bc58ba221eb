import { PublishCommand, type PublishCommandInput, SNSClient } from "@aws-sdk/client-sns";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Sns, startSns } from "../../../../local/aws/sns.ts";

const TopicArn = "arn:aws:sns:us-east-1:000000000000:on-call";

let sns: Sns;
let client: SNSClient;

beforeEach(async () => {
  sns = await startSns();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new SNSClient({ endpoint: sns.address, region: "us-east-1", credentials, maxAttempts: 1 });
});

afterEach(async () => {
  client.destroy();
  await sns.close();
});

const publish = (given: Partial<PublishCommandInput>) =>
  client.send(new PublishCommand({ TopicArn, Message: "hello", ...given }));

test("keeps what came, with its attributes", async () => {
  const text = { DataType: "String", StringValue: "critical" };
  const { MessageId } = await publish({ Subject: "one & two", Message: "ü\n=", MessageAttributes: { severity: text } });
  expect(MessageId).toMatch(/^[\da-f-]{36}$/);
  expect(sns.messages()).toEqual([
    { topicArn: TopicArn, subject: "one & two", message: "ü\n=", attributes: { severity: "critical" } },
  ]);
});

test.each([
  ["a subject of 100 characters", { Subject: "x".repeat(100) }, true],
  ["a subject of 101 characters", { Subject: "x".repeat(101) }, false],
  ["a subject with a line break", { Subject: "one\ntwo" }, false],
  ["a subject that is not ASCII", { Subject: "ü" }, false],
  ["256 KB", { Message: "x".repeat(262_144) }, true],
  ["more than 256 KB", { Message: "x".repeat(262_145) }, false],
  ["an empty message", { Message: "" }, false],
  ["a topic that is none", { TopicArn: "on-call" }, false],
])("%s", async (_what, given, isTaken) => {
  const answer = publish(given);
  if (isTaken) await answer;
  else await expect(answer).rejects.toMatchObject({ name: expect.stringMatching(/^InvalidParameter/) });
  expect(sns.messages()).toHaveLength(isTaken ? 1 : 0);
});

test("the SDK speaks the query protocol", async () => {
  const sent: unknown[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as { headers: object; body: string };
      sent.push({ headers, body: new URLSearchParams(body).get("Action") });
      return next(args);
    },
    { step: "finalizeRequest" },
  );
  await publish({});
  expect(sent).toMatchObject([{ headers: { "content-type": "application/x-www-form-urlencoded" }, body: "Publish" }]);
});
