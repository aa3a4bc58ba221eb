import type { Entry } from "../../../infra/bundle.ts";
import { createWorkerMetrics } from "../../../lambda/aws/worker-metrics.ts";
import { NO_COUNTS } from "../../../lambda/core/flip/outcome.ts";
import type { EndStatus, RolloutEventOf } from "../../../lambda/core/report/rollout-event.ts";
import { createWebhook } from "../../../lambda/webhook.ts";
import { WORKER_ARN } from "../../support/front-door.ts";
import { afterEach, describe, expect, test } from "../../support/jest.ts";
import { TABLE } from "../../support/ledger.ts";
import { startWorld, type World } from "../../support/world.ts";
import { aChange } from "../../unit/lambda/core/a-change.ts";
import { findFunction, GITHUB_SOURCE, type Given, POLICY, synthesize } from ".././make-stack.ts";
import { findRinging, findShown, readWritten } from ".././ring-alarms.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true } };
const SECRET_ID = "cutover/github";
const WEBHOOKS = { github: GITHUB_SOURCE };

/** Two deployments side by side in one account. */
const PRODUCTION = toDeployment("production");
const STAGING = toDeployment("staging");

function toDeployment(name: string): Given {
  return { name, policy: { ...POLICY, webhooks: WEBHOOKS } };
}

let world: World;
const before = { ...process.env };

afterEach(async () => {
  await world.close();
  process.env = { ...before };
});

/** A world whose functions have the names that a deployment gives them. */
async function given(deployment: Given, entry: Entry): Promise<World> {
  // A machine with much else to do is no server that does not answer.
  const retries = { requestTimeoutMs: 20_000, mostBackoffMs: 20 };
  const policy = { webhooks: WEBHOOKS, failureBudget: "100%", retries };
  world = await startWorld({ customers: 20, stagingShare: 1, policy });
  const { Variables } = findFunction(synthesize(deployment), entry).properties.Environment;
  process.env.POWERTOOLS_SERVICE_NAME = Variables.POWERTOOLS_SERVICE_NAME;
  return world;
}

/** Which alarms the log lines so far ring, in both deployments. */
function ringing(): readonly string[] {
  return [PRODUCTION, STAGING].flatMap((deployment) => findRinging(synthesize(deployment), world.logs())).sort();
}

describe("a rollout", () => {
  test("that succeeds rings nothing, and is counted with its customers for its own deployment", async () => {
    const { emulator, run, logs } = await given(PRODUCTION, "worker");
    const excluded = [...emulator.customers()].find(({ accountId }) => accountId === emulator.accountId)?.id;
    const { report } = await run({ ...PROMOTE, exclude: { customerIds: [excluded] } });
    expect(report).toMatchObject({ status: "succeeded", counts: { skipped: 1 } });
    expect(ringing()).toEqual([]);
    expect(readWritten(logs())).toEqual([
      { metric: "Cutover RolloutStarted service=cutover-production", value: 1 },
      { metric: "Cutover GateProceeded service=cutover-production", value: 1 },
      { metric: "Cutover RolloutSucceeded service=cutover-production", value: 1 },
      { metric: "Cutover Flipped service=cutover-production", value: report.counts.flipped },
      { metric: "Cutover Skipped service=cutover-production", value: 1 },
    ]);
  });

  test("that is sent again under its id is counted once, and a dry run not at all", async () => {
    const { run, logs } = await given(PRODUCTION, "worker");
    await run({ ...PROMOTE, dryRun: true });
    expect(readWritten(logs())).toEqual([]);
    await run({ ...PROMOTE, id: "night" });
    const { length } = readWritten(logs());
    expect((await run({ ...PROMOTE, id: "night" })).report).toMatchObject({ status: "succeeded", joined: true });
    expect(readWritten(logs())).toHaveLength(length);
  });

  test("with a wrong password rings its alarm for each rollout, until the right one came", async () => {
    const { emulator, run, putSecret, logs } = await given(PRODUCTION, "worker");
    const versionId = putSecret({ userName: emulator.userName, password: "Wrong-1!" });
    await run(PROMOTE);
    expect(logs().map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        message: "sign-in refused",
        service: "cutover-production",
        step: "look-up-1",
        versionId,
      }),
    );
    const rung = ["cutover-production-rollout-refused", "cutover-production-sign-in-refused"];
    expect(ringing()).toEqual(rung);

    const heard = logs().length;
    await run({ ...PROMOTE, release: "2026.12" });
    expect(findRinging(synthesize(PRODUCTION), logs().slice(heard)).toSorted()).toEqual(rung);
    expect(emulator.stats().refusedSignIns).toBe(1);

    const heardTwice = logs().length;
    putSecret({ userName: emulator.userName, password: emulator.password });
    await run(PROMOTE);
    expect(findRinging(synthesize(PRODUCTION), logs().slice(heardTwice))).toEqual([]);
  });

  test("of another deployment rings that one's alarms only", async () => {
    const { emulator, run, putSecret } = await given(STAGING, "worker");
    putSecret({ userName: emulator.userName, password: "Wrong-1!" });
    await run(PROMOTE);
    expect(ringing()).toEqual(["cutover-staging-rollout-refused", "cutover-staging-sign-in-refused"]);
  });

  test("that leaves customers behind rings the alarm for it", async () => {
    const { emulator, run } = await given(PRODUCTION, "worker");
    const stop = emulator.onRequest(({ operation }) => {
      if (operation !== "SetCustomerStagingMode") return;
      stop();
      emulator.setFaults("lost-write");
    });
    expect((await run(PROMOTE)).report.status).toBe("partial");
    expect(ringing()).toEqual(["cutover-production-rollout-partial"]);
  });
});

describe("what a change tells", () => {
  test.each<[string, RolloutEventOf, readonly string[]]>([
    ["a start", { change: "started" }, []],
    ["a gate that halts", { change: "gate decided", wave: 1, decision: "halt", reasons: [] }, []],
    ["a whole rollback", { change: "rolled back", rollback: { restored: 3, conflicting: 1, failed: 0 } }, []],
    [
      "a rollback with one customer left",
      { change: "rolled back", rollback: { restored: 3, conflicting: 0, failed: 1 } },
      ["cutover-production-not-restored"],
    ],
  ])("%s rings as it should", async (_what, change, rung) => {
    await given(PRODUCTION, "worker");
    createWorkerMetrics().countEvent(aChange(change));
    expect(ringing()).toEqual(rung);
  });

  test("rings when it could not be told", async () => {
    await given(PRODUCTION, "worker");
    createWorkerMetrics().countNotificationFailed();
    expect(ringing()).toEqual(["cutover-production-notification-failed"]);
  });
});

test.each<[EndStatus, boolean, readonly string[]]>([
  ["succeeded", false, []],
  ["planned", true, []],
  ["partial", false, ["cutover-production-rollout-partial"]],
  ["rolled-back", false, ["cutover-production-rollout-rolled-back"]],
  ["halted", false, ["cutover-production-rollout-halted"]],
  // The person that aborted it knows, and the sender of a dry run gets the answer.
  ["aborted", false, []],
  ["failed", false, ["cutover-production-rollout-failed"]],
  ["refused", false, ["cutover-production-rollout-refused"]],
  ["refused", true, []],
])("a rollout that ended as %s (a dry run: %s) rings %j", async (status, dryRun, rung) => {
  await given(PRODUCTION, "worker");
  createWorkerMetrics().countRollout({ status, dryRun, counts: NO_COUNTS });
  expect(ringing()).toEqual(rung);
});

describe("the public door", () => {
  /** Deliveries whose signature fits no secret, as many as are sent; each is answered 401, or 503 without a secret. */
  async function send(count: number, secret: string) {
    world.secrets.putSecretValue(SECRET_ID, secret);
    const handler = createWebhook({
      policy: world.policy,
      tableName: TABLE,
      workerArn: WORKER_ARN,
      secretIdsBySource: { github: SECRET_ID },
    });
    const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${"0".repeat(64)}` };
    const request = { rawPath: "/github", headers, body: "{}", requestContext: { http: { method: "POST" } } };
    for (let sent = 0; sent < count; sent += 1) await handler(request);
  }

  test("rings for five wrong signatures, for those of its own deployment, and not for four", async () => {
    await given(STAGING, "webhook");
    await send(4, "a secret of GitHub's");
    expect(ringing()).toEqual([]);
    await send(1, "a secret of GitHub's");
    expect(ringing()).toEqual(["cutover-staging-signature-refused"]);
  });

  test("rings when it cannot take a delivery", async () => {
    await given(PRODUCTION, "webhook");
    await send(1, "short");
    expect(ringing()).toEqual(["cutover-production-webhook-errors"]);
  });
});

test("the dashboard of each deployment shows its own metrics and those of its alarms", async () => {
  await given(PRODUCTION, "worker");
  for (const [deployment, service] of [
    [PRODUCTION, "cutover-production"],
    [STAGING, "cutover-staging"],
  ] as const) {
    const ends = ["Succeeded", "Partial", "RolledBack", "Halted", "Aborted", "Failed", "Refused"];
    const rollouts = [...ends.map((end) => `Rollout${end}`), "SignInRefused"];
    const outcomes = ["Flipped", "Unchanged", "Deferred", "Skipped", "Failed"];
    const onTheirWay = ["RolloutStarted", "GateProceeded", "GateRolledBack", "GateHalted", "NotificationFailed"];
    const rolledBack = ["Restored", "Conflicting", "NotRestored"];
    const doors = ["WebhookFailed", "SignatureRefused"];
    expect(findShown(synthesize(deployment))).toEqual(
      [...rollouts, ...outcomes, ...onTheirWay, ...rolledBack, ...doors].map(
        (name) => `Cutover ${name} service=${service}`,
      ),
    );
  }
});
