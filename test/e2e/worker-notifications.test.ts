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

/** Publishes one change and sends one alert; returns the lines written meanwhile. */
async function notifyBoth(config: Parameters<typeof buildNotifier>[0]): Promise<readonly string[]> {
  const notifier = buildNotifier(config, new Logger());
  await notifier.publish(CHANGE);
  await notifier.alert(MESSAGE);
  output.restore();
  return output.lines();
}

const toMetrics = (lines: readonly string[]) => readWritten(lines).map(({ metric, value }) => `${metric} ${value}`);

test("publishes to the configured bus and topic, and counts the change", async () => {
  const lines = await notifyBoth({ eventBus: "deployments", topicArn: TOPIC });
  expect(eventBridge.events()).toMatchObject([{ bus: "deployments", detail: CHANGE }]);
  expect(sns.messages()).toMatchObject([{ topicArn: TOPIC, message: MESSAGE.text }]);
  expect(toMetrics(lines)).toEqual(["Cutover RolloutStarted service=cutover-test 1"]);
});

test("sends nothing without a bus and a topic, and that is no failure", async () => {
  const lines = await notifyBoth({});
  expect([eventBridge.calls(), sns.calls()]).toEqual([0, 0]);
  expect(toMetrics(lines)).toEqual(["Cutover RolloutStarted service=cutover-test 1"]);
});

test("logs and counts an alert that cannot be sent, by the error's name only", async () => {
  sns.failNext(1, "AuthorizationError");
  const lines = await notifyBoth({ topicArn: TOPIC });
  const logged = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === "ERROR");
  expect(logged).toMatchObject([
    { message: "alert not sent", severity: "warning", problem: expect.stringMatching(/^AuthorizationError/) },
  ]);
  expect(lines.join("\n")).not.toContain("refused: AuthorizationError");
  expect(toMetrics(lines)).toContain("Cutover NotificationFailed service=cutover-test 1");
});
