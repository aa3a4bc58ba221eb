import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SNSClient } from "@aws-sdk/client-sns";
import { createNotifier, NOTIFIER_CLIENT_OPTIONS, type NotifierOptions } from "../../../../lambda/aws/notifier.ts";
import { NO_COUNTS } from "../../../../lambda/core/flip/outcome.ts";
import { EVENT_DETAIL_TYPE, EVENT_SOURCE, type RolloutEvent } from "../../../../lambda/core/report/rollout-event.ts";
import { localAwsEnvironment } from "../../../../local/aws/environment.ts";
import { type EventBridge, startEventBridge } from "../../../../local/aws/event-bridge.ts";
import { listenOnLoopback } from "../../../../local/aws/loopback.ts";
import { type Sns, startSns } from "../../../../local/aws/sns.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";
import { aChange } from "../core/a-change.ts";

const TOPIC = "arn:aws:sns:eu-central-1:111122223333:on-call";
const STARTED = aChange({ change: "started" });
const MESSAGE = { severity: "critical", subject: "promote halted", text: "halted\nüß & <b>\n" } as const;

let eventBridge: EventBridge;
let sns: Sns;
let clients: { readonly bus: EventBridgeClient; readonly topic: SNSClient };
const errors: unknown[] = [];
const counted: RolloutEvent[] = [];
let failures = 0;

const observed = {
  log: { error: (message: string, fields: object) => void errors.push({ message, ...fields }) },
  metrics: {
    countEvent: (change: RolloutEvent) => void counted.push(change),
    countNotificationFailed: () => {
      failures += 1;
    },
  },
};

function connect(addresses: { readonly eventBridge: string; readonly sns: string }, patienceMs?: number) {
  Object.assign(process.env, localAwsEnvironment(addresses));
  clients = { bus: new EventBridgeClient(NOTIFIER_CLIENT_OPTIONS), topic: new SNSClient(NOTIFIER_CLIENT_OPTIONS) };
  const options: NotifierOptions = {
    ...observed,
    bus: { client: clients.bus, name: "deployments" },
    topic: { client: clients.topic, arn: TOPIC },
    ...(patienceMs !== undefined && { patienceMs }),
  };
  return createNotifier(options);
}

const tellAll = () => connect({ eventBridge: eventBridge.address, sns: sns.address });

beforeEach(async () => {
  [eventBridge, sns] = await Promise.all([startEventBridge(), startSns()]);
  errors.length = 0;
  counted.length = 0;
  failures = 0;
});

afterEach(async () => {
  clients?.bus.destroy();
  clients?.topic.destroy();
  await Promise.all([eventBridge.close(), sns.close()]);
});

describe("a rollout event", () => {
  test("is put on the bus and counted", async () => {
    await tellAll().publish(STARTED);
    const entry = { bus: "deployments", source: EVENT_SOURCE, detailType: EVENT_DETAIL_TYPE, detail: STARTED };
    expect(eventBridge.events()).toEqual([{ ...entry, time: Date.parse(STARTED.at) / 1_000 }]);
    expect(counted).toEqual([STARTED]);
    expect([errors, failures]).toEqual([[], 0]);
  });

  test("is only counted when no bus is configured", async () => {
    const notifier = createNotifier(observed);
    await notifier.publish(STARTED);
    await notifier.alert(MESSAGE);
    expect([eventBridge.calls(), sns.calls(), failures]).toEqual([0, 0, 0]);
    expect(counted).toEqual([STARTED]);
  });

  const notPublished = { message: "event not published", rolloutId: STARTED.rolloutId, change: "started" };

  test("is sent at most twice more when EventBridge is busy", async () => {
    const notifier = tellAll();
    eventBridge.failEntries(2, "ThrottlingException");
    await notifier.publish(STARTED);
    expect([eventBridge.events().length, eventBridge.calls(), failures]).toEqual([1, 3, 0]);

    eventBridge.failEntries(3, "InternalFailure");
    await notifier.publish(STARTED);
    expect([eventBridge.events().length, eventBridge.calls(), failures]).toEqual([1, 6, 1]);
    expect(errors).toEqual([{ ...notPublished, problem: "InternalFailure" }]);
  });

  test("that EventBridge refuses is not sent again", async () => {
    const notifier = tellAll();
    eventBridge.failEntries(1, "NotAuthorizedForSource");
    await notifier.publish(STARTED);
    expect([eventBridge.events().length, eventBridge.calls(), failures]).toEqual([0, 1, 1]);
    expect(errors).toMatchObject([{ problem: "NotAuthorizedForSource" }]);
  });

  test("is published after a fault, and logged without the role when the permission is missing", async () => {
    const notifier = tellAll();
    eventBridge.failNext(1, "InternalException");
    await notifier.publish(STARTED);
    expect([eventBridge.events().length, failures]).toEqual([1, 0]);

    eventBridge.failNext(1, "AccessDeniedException");
    await notifier.publish(aChange({ change: "ended", status: "succeeded", counts: NO_COUNTS }));
    expect([eventBridge.events().length, failures]).toEqual([1, 1]);
    expect(errors).toEqual([{ ...notPublished, change: "ended", problem: "AccessDeniedException" }]);
  });
});

describe("an alert", () => {
  test("is published with its severity as an attribute", async () => {
    await tellAll().alert(MESSAGE);
    expect(sns.messages()).toEqual([
      { topicArn: TOPIC, subject: MESSAGE.subject, message: MESSAGE.text, attributes: { severity: "critical" } },
    ]);
    expect([errors, failures, counted]).toEqual([[], 0, []]);
  });

  test("is published after a fault, and logged and counted when SNS refuses it", async () => {
    const notifier = tellAll();
    sns.failNext(2, "InternalError");
    await notifier.alert(MESSAGE);
    expect([sns.messages().length, sns.calls(), failures]).toEqual([1, 3, 0]);

    sns.failNext(1, "AuthorizationError");
    await notifier.alert(MESSAGE);
    expect([sns.messages().length, failures]).toEqual([1, 1]);
    expect(errors).toEqual([
      { message: "alert not sent", severity: "critical", problem: expect.stringMatching(/^AuthorizationError/) },
    ]);
  });
});

test("a notification ends at its time limit", async () => {
  const silent = await listenOnLoopback(() => new Promise(() => {}));
  const notifier = connect({ eventBridge: silent.address, sns: silent.address }, 50);
  await Promise.all([notifier.publish(STARTED), notifier.alert(MESSAGE)]);
  expect(failures).toBe(2);
  await silent.close();
});
