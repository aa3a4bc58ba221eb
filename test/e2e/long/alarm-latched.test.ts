import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type DynamoDbProxy, startDynamoDbProxy } from "../../support/dynamodb-proxy.ts";
import { createKilledWorker, type KilledWorker } from "../../support/killed-worker.ts";
import { rememberFlags } from "../../support/truth.ts";
import { startWorld, type World } from "../../support/world.ts";

const ALARM = "calls-drop";
const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 20, bakeMinutes: 5 }, { rest: true }] },
} as const;
/** One before the first flip, one before the first batch, six in the bake, and the one before the second batch. */
const CALLS = { beforeTheFirstFlip: 1, inTheBake: 5, beforeTheSecondBatch: 9 } as const;

let world: World;
let proxy: DynamoDbProxy;
let worker: KilledWorker;

beforeEach(async () => {
  world = await startWorld({ customers: 60, stagingShare: 1, policy: { alarms: [ALARM], concurrency: 1 } });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  proxy = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  worker = createKilledWorker(world, PROMOTE, { name: "night", dynamodb: proxy.address });
});
afterEach(async () => {
  await worker.kill();
  worker.close();
  await proxy.close();
  await world.close();
});

/** The alarm fires at this call; the worker that sees it dies as soon as that is in the ledger, and then all is well. */
async function seeAndDie(atCall: number): Promise<void> {
  world.cloudWatch.changeLater(ALARM, { atCall }, { state: "ALARM", reason: "12 of 100 calls dropped" });
  proxy.listener = async ({ body, phase }) => {
    if (phase !== "done" || !body.includes('"state":{"S":"ALARM"}')) return undefined;
    proxy.listener = () => undefined;
    await worker.kill();
    return "lose";
  };
  expect(await worker.run()).toBeUndefined();
  expect(world.cloudWatch.calls()).toHaveLength(atCall);
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
}

test.each([
  ["in a bake", CALLS.inTheBake],
  ["before a batch", CALLS.beforeTheSecondBatch],
])(
  "an alarm that a worker saw %s turns the rollout back, though that worker died and all is well again",
  async (_when, atCall) => {
    const before = rememberFlags(world);
    await seeAndDie(atCall);

    const report = await worker.run();

    expect(report).toMatchObject({
      status: "rolled-back",
      problems: [{ code: "alarm", alarm: "calls-drop", state: "ALARM", detail: "12 of 100 calls dropped" }],
      counts: { flipped: 20, skipped: 40 },
      rollback: { restored: 20, left: 0 },
    });
    expect(rememberFlags(world)).toEqual(before);
  },
);

test("an alarm that a worker saw before the first flip refuses the rollout, though that worker died", async () => {
  await seeAndDie(CALLS.beforeTheFirstFlip);

  const report = await worker.run();

  expect(report).toMatchObject({
    status: "refused",
    problems: [{ code: "alarm", alarm: "calls-drop", state: "ALARM" }],
  });
  expect(world.emulator.stats().requests.SetCustomerStagingMode).toBeUndefined();
});
