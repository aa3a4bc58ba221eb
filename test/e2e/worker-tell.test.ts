import { Logger } from "@aws-lambda-powertools/logger";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { buildNotifier } from "../../lambda/worker.ts";
import { localAwsEnvironment } from "../../local/aws/environment.ts";
import { type EventBridge, startEventBridge } from "../../local/aws/event-bridge.ts";
import { type Sns, startSns } from "../../local/aws/sns.ts";
import { readWritten } from "../infra/ring-alarms.ts";
import { captureOutput } from "../support/capture-output.ts";
import { aChange } from "../unit/lambda/core/a-change.ts";

const TOPIC = "arn:aws:sns:eu-central-1:111122223333:people";
const CHANGE = aChange({ change: "started" });
const MESSAGE = { severity: "warning", subject: "Cutover warning", text: "refused\n" } as const;

const before = { ...process.env };
let eventBridge: EventBridge;
let sns: Sns;
let output: ReturnType<typeof captureOutput>;

beforeEach(async () => {
  [eventBridge, sns] = await Promise.all([startEventBridge(), startSns()]);
  Object.assign(process.env, localAwsEnvironment({ eventBridge: eventBridge.address, sns: sns.address }));
  process.env.POWERTOOLS_SERVICE_NAME = "cutover-test";
  output = captureOutput();
});

afterEach(async () => {
  output.restore();
  process.env = { ...before };
  await Promise.all([eventBridge.close(), sns.close()]);
});

/** Tells one change and one message; gives what was written meanwhile. */
async function tellBoth(config: Parameters<typeof buildNotifier>[0]): Promise<readonly string[]> {
  const notifier = buildNotifier(config, new Logger());
  await notifier.publish(CHANGE);
  await notifier.alert(MESSAGE);
  output.restore();
  return output.lines();
}

const toMetrics = (lines: readonly string[]) => readWritten(lines).map(({ metric, value }) => `${metric} ${value}`);

test("whoever is configured is told, and the change is counted", async () => {
  const lines = await tellBoth({ eventBus: "deployments", topicArn: TOPIC });
  expect(eventBridge.events()).toMatchObject([{ bus: "deployments", detail: CHANGE }]);
  expect(sns.messages()).toMatchObject([{ topicArn: TOPIC, message: MESSAGE.text }]);
  expect(toMetrics(lines)).toEqual(["Cutover RolloutStarted service=cutover-test 1"]);
});

test("where nobody is configured, nothing is sent and nothing is wrong", async () => {
  const lines = await tellBoth({});
  expect([eventBridge.calls(), sns.calls()]).toEqual([0, 0]);
  expect(toMetrics(lines)).toEqual(["Cutover RolloutStarted service=cutover-test 1"]);
});

test("what cannot be told is in the log, by the error's name only, and counted", async () => {
  sns.failNext(1, "AuthorizationError");
  const lines = await tellBoth({ topicArn: TOPIC });
  const logged = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === "ERROR");
  expect(logged).toMatchObject([
    { message: "person not told", severity: "warning", problem: expect.stringMatching(/^AuthorizationError/) },
  ]);
  expect(lines.join("\n")).not.toContain("refused: AuthorizationError");
  expect(toMetrics(lines)).toContain("Cutover NotificationFailed service=cutover-test 1");
});
