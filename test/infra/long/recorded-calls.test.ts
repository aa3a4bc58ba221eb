import { AsyncLocalStorage } from "node:async_hooks";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CodePipelineClient } from "@aws-sdk/client-codepipeline";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { ENTRIES, type Entry } from "../../../infra/bundle.ts";
import { FlipEvent, fingerprintOf } from "../../../lambda/contract/deploy-event.ts";
import { createFrontDoor } from "../../../lambda/front-door.ts";
import { createWebhook } from "../../../lambda/webhook.ts";
import { createWorker } from "../../../lambda/worker.ts";
import { FRONT_DOOR_ARN, type FrontDoor, openFrontDoor, WORKER_ARN } from "../../support/front-door.ts";
import { afterAll, beforeAll, expect, test } from "../../support/jest.ts";
import { openLedger, TABLE } from "../../support/ledger.ts";
import { atFlip } from "../../support/moments.ts";
import { toArn } from "../../support/run-handler.ts";
import { PARTS } from "../../support/world.ts";
import { anEvent } from "../../unit/lambda/contract/an-event.ts";
import { aPipelineJob } from "../../unit/lambda/triggers/aws-samples.ts";
import { aGitHubDelivery, GITHUB_SECRET, WEBHOOKS } from "../../unit/lambda/webhook/deliveries.ts";
import { findFunction, synthesize, WITH_WEBHOOK } from "../make-stack.ts";

/** What is done in a role's name by Lambda, and by the SDK of durable functions through a client of its own. */
const BESIDES: Readonly<Record<Entry, readonly string[]>> = {
  worker: ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState", "sqs:SendMessage"],
  "front-door": ["sqs:SendMessage"],
  webhook: [],
};
const LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"];

/** In whose name the code of this moment runs. */
const running = new AsyncLocalStorage<Entry>();
const calls: Record<Entry, Set<string>> = { worker: new Set(), "front-door": new Set(), webhook: new Set() };
let door: FrontDoor;
let stopRecording: () => void;

beforeAll(async () => {
  stopRecording = record();
  const retries = { requestTimeoutMs: 20_000, mostBackoffMs: 20 };
  const policy = { webhooks: { github: WEBHOOKS.github }, retries, alarms: ["calls-drop"] };
  door = await openFrontDoor({ customers: 20, stagingShare: 1, policy });
  const { cloudWatch } = door.world;
  cloudWatch.setAlarm("calls-drop", { state: "OK" });
  // Only the history of an alarm that changed is read.
  atFlip(door.world, { flag: false, n: 1 }, () => {
    for (const state of ["INSUFFICIENT_DATA", "OK"] as const) cloudWatch.setAlarm("calls-drop", { state });
  });
  door.world.secrets.putSecretValue("cutover/github", GITHUB_SECRET);
});

afterAll(async () => {
  stopRecording();
  await door.close();
});

/** Notes each command that a client sends, for the function that it is sent in. */
function record(): () => void {
  const clients = [
    CloudWatchClient,
    CodePipelineClient,
    DynamoDBClient,
    EventBridgeClient,
    LambdaClient,
    SecretsManagerClient,
    SNSClient,
  ];
  const bases = new Set(clients.map(({ prototype }) => Object.getPrototypeOf(prototype)));
  const restores = [...bases].map((base) => {
    const { send } = base;
    base.send = function (this: { config: { serviceId: string } }, command: object, ...rest: unknown[]) {
      const entry = running.getStore();
      if (entry !== undefined) calls[entry].add(toAction(this.config.serviceId, command.constructor.name));
      return send.call(this, command, ...rest);
    };
    return () => {
      base.send = send;
    };
  });
  return () => {
    for (const restore of restores) restore();
  };
}

/** What IAM calls otherwise than the SDK. */
const RENAMED = new Map([
  ["lambda:Invoke", "lambda:InvokeFunction"],
  ["eventbridge:PutEvents", "events:PutEvents"],
]);

/** `Secrets Manager`, `GetSecretValueCommand` → `secretsmanager:GetSecretValue` */
function toAction(serviceId: string, command: string): string {
  const action = `${serviceId.toLowerCase().replaceAll(" ", "")}:${command.replace(/Command$/, "")}`;
  return RENAMED.get(action) ?? action;
}

/** Everything that a function can be asked for, each in its own name; a rollout's whole way in all of them. */
async function runEverything() {
  const { world, pipeline } = door;
  const config = { policy: world.policy, tableName: TABLE, workerArn: WORKER_ARN };
  const worker = createWorker({ ...config, ...PARTS });
  const start = createFrontDoor(config);
  const webhook = createWebhook({ ...config, secretIdsBySource: { github: "cutover/github" } });
  const { executions } = world;
  executions.serve(WORKER_ARN, {
    kind: "durable",
    handler: (event, context) => running.run("worker", () => worker(event, context)),
    skipWaits: true,
  });
  executions.serve(FRONT_DOOR_ARN, {
    kind: "plain",
    handler: (event, context) => running.run("front-door", () => start(event, context)),
  });

  const ledger = openLedger(world);
  const event = FlipEvent.parse(anEvent({ action: "stage" }));
  const [execution, fingerprint] = [toArn("dead"), fingerprintOf(event)];
  const record = {
    rolloutId: "dead",
    execution,
    fingerprint,
    event,
    startedAtMs: Date.now(),
    status: "running",
  } as const;
  await ledger.createRollout(record);
  executions.running(execution);
  await door.send({ command: "status", rolloutId: "dead" });
  const who = { requestedBy: "ann", reason: "to see what it calls" };
  await door.send({ command: "pause", rolloutId: "dead", id: "pause-1", ...who });
  const [customer] = world.emulator.customers();
  await door.send({ command: "protect", customerIds: [customer?.id], ...who });
  const orders = await ledger.readControls();
  await ledger.takeLock(
    { rolloutId: "dead", execution, fingerprint, fence: orders.fence + 1, settleSeconds: 1 },
    orders,
  );
  await door.send(event);
  expect(await running.run("webhook", () => webhook(aGitHubDelivery()))).toMatchObject({ statusCode: 409 });
  executions.ended(execution, "STOPPED");

  const { rolloutId } = await door.send(anEvent());
  await executions.settled();
  expect(await door.send({ command: "status", rolloutId })).toMatchObject({ status: "succeeded" });
  await door.send(
    anEvent({ action: "rollback", release: undefined, targets: undefined, rolloutId: "no-such-rollout" }),
  );
  await executions.settled();
  await door.send(aPipelineJob(anEvent({ action: "stage" }), { id: pipeline.openJob() }));
  await door.send(aPipelineJob(anEvent({ action: "stop" }), { id: pipeline.openJob() }));
  await executions.settled();
  const accepted = await running.run("webhook", () => webhook(aGitHubDelivery()));
  expect(accepted.statusCode).toBe(202);
  await executions.settled();
}

test("each function uses every permission that it has, and has every permission that it uses", async () => {
  await runEverything();
  for (const entry of ENTRIES) {
    const { statements } = findFunction(synthesize(WITH_WEBHOOK), entry);
    const allowed = new Set(statements.flatMap(({ Action }) => Action));
    const used = new Set([...calls[entry], ...BESIDES[entry], ...LOGS]);
    const unused = [...allowed].filter((action) => !used.has(action));
    const missing = [...used].filter((action) => !allowed.has(action));
    expect({ entry, unused, missing }).toEqual({ entry, unused: [], missing: [] });
  }
});
