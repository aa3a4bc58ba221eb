import type { Entry } from "../../../infra/bundle.ts";
import { createWorkerMetrics } from "../../../lambda/aws/worker-metrics.ts";
import { NO_COUNTS } from "../../../lambda/core/flip/outcome.ts";
import type { EndStatus, RolloutEventOf } from "../../../lambda/core/report/rollout-event.ts";
import { createWebhook } from "../../../lambda/webhook.ts";
import { captureOutput } from "../../support/capture-output.ts";
import { WORKER_ARN } from "../../support/front-door.ts";
import { afterEach, describe, expect, test } from "../../support/jest.ts";
import { TABLE } from "../../support/ledger.ts";
import { startWorld, type World } from "../../support/world.ts";
import { aChange } from "../../unit/lambda/core/a-change.ts";
import { findFunction, GITHUB_SOURCE, type Given, POLICY, synthesize } from "../make-stack.ts";
import { findRinging, findShown, readWritten, WORKER_METRICS } from "../ring-alarms.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true } };
const SECRET_ID = "cutover/github";
const WEBHOOKS = { github: GITHUB_SOURCE };

/** Two deployments side by side in one account. */
const PRODUCTION: Given = { name: "production", policy: { ...POLICY, webhooks: WEBHOOKS } };
const STAGING: Given = { ...PRODUCTION, name: "staging" };

let world: World | undefined;
const before = { ...process.env };

afterEach(async () => {
  await world?.close();
  world = undefined;
  process.env = { ...before };
});

/** A world whose functions have the names that a deployment gives them. */
async function given(deployment: Given, entry: Entry): Promise<World> {
  // A machine with much else to do is no server that does not answer.
  const retries = { requestTimeoutMs: 20_000, mostBackoffMs: 20 };
  const policy = { webhooks: WEBHOOKS, failureBudget: "100%", retries };
  world = await startWorld({ customers: 20, stagingShare: 1, policy });
  name(deployment, entry);
  return world;
}

/** The name that a deployment gives a function for its metrics. */
function name(deployment: Given, entry: Entry): void {
  const { Variables } = findFunction(synthesize(deployment), entry).properties.Environment;
  process.env.POWERTOOLS_SERVICE_NAME = Variables.POWERTOOLS_SERVICE_NAME;
}

/** Which alarms these log lines ring, in both deployments. */
function ringing(lines: readonly string[]): readonly string[] {
  return [PRODUCTION, STAGING].flatMap((deployment) => findRinging(synthesize(deployment), lines)).sort();
}

describe("a rollout", () => {
  test("that succeeds rings nothing, and is counted once for its deployment; a dry run is not", async () => {
    const { emulator, run, logs } = await given(PRODUCTION, "worker");
    await run({ ...PROMOTE, dryRun: true });
    expect(readWritten(logs())).toEqual([]);

    const excluded = [...emulator.customers()].find(({ accountId }) => accountId === emulator.accountId)?.id;
    const event = { ...PROMOTE, id: "night", exclude: { customerIds: [excluded] } };
    const { report } = await run(event);
    expect(report).toMatchObject({ status: "succeeded", counts: { skipped: 1 } });
    expect((await run(event)).report).toMatchObject({ status: "succeeded", joined: true });
    expect(ringing(logs())).toEqual([]);
    const counted = { RolloutStarted: 1, GateProceeded: 1, RolloutSucceeded: 1 };
    expect(readWritten(logs())).toEqual(
      Object.entries({ ...counted, Flipped: report.counts.flipped, Skipped: 1 }).map(([name, value]) => ({
        ...{ metric: `Cutover ${name} service=cutover-production`, value },
      })),
    );
  });

  test("with a wrong password rings its alarm, of its deployment only, until the right one came", async () => {
    const { emulator, run, putSecret, logs } = await given(STAGING, "worker");
    const versionId = putSecret({ userName: emulator.userName, password: "Wrong-1!" });
    const refused = { message: "sign-in refused", service: "cutover-staging", step: "look-up-1", versionId };
    await run(PROMOTE);
    expect(logs().map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining(refused));
    const rung = ["cutover-staging-rollout-refused", "cutover-staging-sign-in-refused"];
    expect(ringing(logs())).toEqual(rung);

    const heard = logs().length;
    await run({ ...PROMOTE, release: "2026.12" });
    expect(ringing(logs().slice(heard))).toEqual(rung);
    expect(emulator.stats().refusedSignIns).toBe(1);

    const heardTwice = logs().length;
    putSecret({ userName: emulator.userName, password: emulator.password });
    await run(PROMOTE);
    expect(ringing(logs().slice(heardTwice))).toEqual([]);
  });

  test("that leaves customers behind rings the alarm for it", async () => {
    const { emulator, run, logs } = await given(PRODUCTION, "worker");
    const stop = emulator.onRequest(({ operation }) => {
      if (operation !== "SetCustomerStagingMode") return;
      stop();
      emulator.setFaults("lost-write");
    });
    expect((await run(PROMOTE)).report.status).toBe("partial");
    expect(ringing(logs())).toEqual(["cutover-production-rollout-partial"]);
  });
});

type Metrics = ReturnType<typeof createWorkerMetrics>;
const change = (event: RolloutEventOf) => (metrics: Metrics) => metrics.countEvent(aChange(event));
const rolledBack = (failed: number) =>
  ({ change: "rolled back", rollback: { restored: 3, conflicting: 1, failed } }) as const;
const end = (status: EndStatus, dryRun: boolean) => (metrics: Metrics) =>
  metrics.countRollout({ status, dryRun, counts: NO_COUNTS });

test.each<[string, (metrics: Metrics) => void, rung: readonly string[]]>([
  ["a start", change({ change: "started" }), []],
  ["a gate that halts", change({ change: "gate decided", wave: 1, decision: "halt", reasons: [] }), []],
  ["a whole rollback", change(rolledBack(0)), []],
  ["a rollback with one customer left", change(rolledBack(1)), ["not-restored"]],
  ["what could not be told", (metrics) => metrics.countNotificationFailed(), ["notification-failed"]],
  ["a rollout that succeeded", end("succeeded", false), []],
  ["a plan", end("planned", true), []],
  ["a partial rollout", end("partial", false), ["rollout-partial"]],
  ["a rollout that is rolled back", end("rolled-back", false), ["rollout-rolled-back"]],
  ["a halted rollout", end("halted", false), ["rollout-halted"]],
  // The person that aborted it knows, and the sender of a dry run gets the answer.
  ["an aborted rollout", end("aborted", false), []],
  ["a failed rollout", end("failed", false), ["rollout-failed"]],
  ["a refused rollout", end("refused", false), ["rollout-refused"]],
  ["a refused dry run", end("refused", true), []],
])("%s rings what it should", (_what, count, rung) => {
  name(PRODUCTION, "worker");
  const output = captureOutput();
  try {
    count(createWorkerMetrics());
  } finally {
    output.restore();
  }
  expect(ringing(output.lines())).toEqual(rung.map((alarm) => `cutover-production-${alarm}`));
});

describe("the public door", () => {
  /** Deliveries whose signature fits no secret, as many as are sent; each is answered 401, or 503 without a secret. */
  async function send({ secrets, policy }: World, count: number, secret: string) {
    secrets.putSecretValue(SECRET_ID, secret);
    const secretIdsBySource = { github: SECRET_ID };
    const handler = createWebhook({ policy, tableName: TABLE, workerArn: WORKER_ARN, secretIdsBySource });
    const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
    const request = { rawPath: "/github", headers, body: "{}", requestContext: { http: { method: "POST" } } };
    for (let sent = 0; sent < count; sent += 1) await handler(request);
  }

  test("rings for five wrong signatures, for those of its own deployment, and not for four", async () => {
    const door = await given(STAGING, "webhook");
    await send(door, 4, "a secret of GitHub's");
    expect(ringing(door.logs())).toEqual([]);
    await send(door, 1, "a secret of GitHub's");
    expect(ringing(door.logs())).toEqual(["cutover-staging-signature-refused"]);
  });

  test("rings when it cannot take a delivery", async () => {
    const door = await given(PRODUCTION, "webhook");
    await send(door, 1, "short");
    expect(ringing(door.logs())).toEqual(["cutover-production-webhook-errors"]);
  });
});

test("the dashboard of each deployment shows its own metrics and those of its alarms", () => {
  const names = [...WORKER_METRICS, "WebhookFailed", "SignatureRefused"];
  for (const deployment of [PRODUCTION, STAGING])
    expect(findShown(synthesize(deployment)).toSorted()).toEqual(
      names.map((name) => `Cutover ${name} service=cutover-${deployment.name}`).sort(),
    );
});
