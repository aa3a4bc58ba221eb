import { type DynamoDbProxy, startDynamoDbProxy } from "../../support/dynamodb-proxy.ts";
import { execute } from "../../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { createKilledWorker, type KilledWorker } from "../../support/killed-worker.ts";
import { type Ledger, openLedger } from "../../support/ledger.ts";
import { atFlip, type Moments, watchMoments } from "../../support/moments.ts";
import { toArn } from "../../support/run-handler.ts";
import { rememberFlags } from "../../support/truth.ts";
import { readOutcomes, startWorld, type World } from "../../support/world.ts";

const ALARM = "calls-drop";
const STRATEGY = { waves: [{ customers: 20, bakeMinutes: 60 }, { rest: true }] } as const;
const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const ROLLBACK = { action: "rollback", rolloutId: "night", requestedBy: "ann", reason: "calls drop" } as const;
const POST = "SetCustomerStagingMode";

let world: World;
let ledger: Ledger;
let before: ReadonlyMap<string, boolean>;

beforeEach(async () => {
  world = await startWorld({ customers: 60, stagingShare: 1, policy: { alarms: [ALARM], concurrency: 1 } });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  ledger = openLedger(world);
  before = rememberFlags(world);
});
afterEach(() => world.close());

const moved = () => [...world.emulator.customers()].filter(({ id, isStaging }) => isStaging !== before.get(id)).length;
const writes = () => world.emulator.stats().requests[POST] ?? 0;
const expectAllBack = () => expect(rememberFlags(world)).toEqual(before);
const fire = () => world.cloudWatch.setAlarm(ALARM, { state: "ALARM" });

describe("a rollout whose execution was lost", () => {
  let proxy: DynamoDbProxy;
  let worker: KilledWorker;

  beforeEach(async () => {
    proxy = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
    worker = createKilledWorker(world, { ...PROMOTE, strategy: STRATEGY }, { name: "night", dynamodb: proxy.address });
  });
  afterEach(async () => {
    await worker.kill();
    worker.close();
    await proxy.close();
  });

  async function lose(): Promise<void> {
    expect(await worker.run()).toBeUndefined();
    proxy.listener = () => undefined;
    world.executions.ended(worker.executionArn, "STOPPED");
    expect((await ledger.findRollout("night"))?.report).toBeUndefined();
  }

  /** Some are written, and nothing of that is in the ledger. */
  async function loseInAWave(): Promise<void> {
    const off = world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation === POST && phase === "written" && moved() === 5) await worker.kill();
    });
    await lose();
    off();
    expect(moved()).toBe(5);
  }

  /** At the first look of the first wave's bake. */
  async function loseInTheBake(): Promise<void> {
    let baking = false;
    proxy.listener = async ({ operation, body, phase }) => {
      baking ||= body.includes('\\"wave done\\"');
      if (!baking || operation !== "BatchGetItem" || phase !== "arrived") return undefined;
      await worker.kill();
      return "lose";
    };
    await lose();
    expect(moved()).toBe(20);
  }

  // What happens to one that is lost in its rollback is in chaos/long/crash.test.ts.
  test.each([
    // The execution was lost with a batch of 20 intended: each of its customers may have been flipped.
    ["in a wave", loseInAWave],
    ["in a bake", loseInTheBake],
  ] as const)("%s is turned back from the ledger alone", async (where, loseIt) => {
    await loseIt();
    const event = where === "in a bake" ? { action: "rollback", release: "2026.11" } : ROLLBACK;

    const { report } = await execute(world, event, { name: "back" });

    expect(report).toMatchObject({
      status: "rolled-back",
      of: ["night"],
      rollback: { restored: 20, conflicting: 0, failed: 0 },
      exceptions: [],
    });
    expectAllBack();
    expect(await ledger.findRollout("night")).toMatchObject({ status: "failed" });
    const { holds, lock } = await ledger.readControls();
    expect(holds).toMatchObject({ "2026.11": { rolloutId: "night" } });
    expect(lock).toBeUndefined();
  });

  test("in a wave is gone on with by a retry, and a rollback of the release undoes them both", async () => {
    await loseInAWave();

    const { report: retried } = await execute(world, { action: "retry", rolloutId: "night" }, { name: "retry" });
    expect(retried).toMatchObject({ status: "succeeded", of: ["night"], counts: { flipped: 55 } });
    expect(moved()).toBe(60);
    const { report } = await execute(world, { action: "rollback", release: "2026.11" }, { name: "back" });

    expect(report).toMatchObject({
      status: "rolled-back",
      of: ["retry", "night"],
      rollback: { restored: 60, conflicting: 0, failed: 0 },
    });
    expectAllBack();
  });

  test("before its plan has flipped no customer, and a rollback of it is refused", async () => {
    const off = world.emulator.onRequest(async ({ operation }) => {
      if (operation === "ListCustomers") await worker.kill();
    });
    await lose();
    off();

    const { report } = await execute(world, ROLLBACK, { name: "back" });

    expect(report).toMatchObject({ status: "refused", problems: [{ code: "never-began" }] });
    expect(writes()).toBe(0);
  });
});

describe("a rollout that halted in its first wave", () => {
  const policy = { onFailure: "halt" } as const;

  beforeEach(async () => {
    atFlip(world, { flag: false, n: 3 }, fire);
    const { report } = await execute(world, { ...PROMOTE, strategy: STRATEGY }, { name: "night", policy });
    expect(report).toMatchObject({ status: "halted", counts: { flipped: 20, skipped: 40 } });
    world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  });

  test("is undone with both its retries, when the first of them halted too", async () => {
    atFlip(world, { flag: false, n: 3 }, fire);
    const first = { action: "retry", rolloutId: "night", id: "first", strategy: STRATEGY };
    const { report: halted } = await execute(world, first, { name: "first", policy });
    expect(halted).toMatchObject({ status: "halted", counts: { flipped: 20, skipped: 20 } });
    world.cloudWatch.setAlarm(ALARM, { state: "OK" });
    const { report } = await execute(world, { action: "retry", rolloutId: "first", id: "second" }, { name: "second" });
    expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });

    const { report: back } = await execute(world, { action: "rollback", release: "2026.11" }, { name: "back" });

    expect(back).toMatchObject({
      status: "rolled-back",
      of: ["second", "first", "night"],
      rollback: { restored: 60, conflicting: 0, failed: 0 },
    });
    expectAllBack();
  });

  test("is retried once, and turned back by its id without what the retry did", async () => {
    await execute(world, { action: "retry", rolloutId: "night", id: "first" }, { name: "first" });
    const after = writes();
    const second = await execute(world, { action: "retry", rolloutId: "night", id: "second" }, { name: "second" });
    expect(second.report).toMatchObject({
      status: "refused",
      problems: [{ code: "already-retried", rolloutId: "night", by: "first" }],
    });
    expect(writes()).toBe(after);

    const { report } = await execute(world, ROLLBACK, { name: "back" });

    expect(report).toMatchObject({ status: "rolled-back", of: ["night"], rollback: { restored: 20, failed: 0 } });
    expect(moved()).toBe(40);
  });
});

test("a rollback that leaves some goes on with them when it is sent again", async () => {
  await execute(world, PROMOTE, { name: "night" });
  atFlip(world, { flag: true, n: 21 }, () => world.emulator.setFaults("lost-write=1"));

  const policy = { retries: { attempts: 1, requestTimeoutMs: 1_000, mostBackoffMs: 5 } };
  const { report } = await execute(world, ROLLBACK, { name: "back", policy });

  const { restored = 0, failed = 0 } = report?.rollback ?? {};
  expect(report).toMatchObject({ status: "rolled-back", rollback: { conflicting: 0 } });
  expect(restored).toBeGreaterThanOrEqual(20);
  expect(failed).toBeGreaterThan(30);
  expect(restored + failed).toBe(60);
  expect(report?.exceptions.filter(({ outcome }) => outcome === "not-restored")).toHaveLength(failed);
  expect(moved()).toBe(failed);
  world.emulator.setFaults("");
  const after = writes();
  const again = await execute(world, ROLLBACK, { name: "again" });
  expect(again.report).toMatchObject({ status: "rolled-back", rollback: { restored: 60, failed: 0 } });
  expect(writes() - after).toBe(failed);
  expectAllBack();
});

const LOST = { code: "lock-lost", by: "thief" };

describe("a lock that is taken away", () => {
  let moments: Moments;

  beforeEach(async () => {
    moments = await watchMoments(world);
  });
  afterEach(() => moments.close());

  async function takeLock(): Promise<void> {
    const controls = await ledger.readControls();
    const thief = { rolloutId: "thief", execution: toArn("thief"), fingerprint: "", settleSeconds: 6 };
    await ledger.takeLock({ ...thief, fence: controls.fence + 1 }, controls);
  }

  test.each([
    ["in a bake", "baking 1", false],
    ["while a pause holds a wave", "flipping", true],
    ["while a pause holds the rollback", "rolling back", true],
  ] as const)(
    "%s ends the rollout without another flip, and each customer has an outcome",
    async (_when, stage, paused) => {
      let posts: number | undefined;
      if (stage === "rolling back") atFlip(world, { flag: false, n: 3 }, fire);
      moments.onLook(async (look) => {
        if (look.stage !== stage) return;
        if (paused && look.n === 1) await moments.send({ command: "pause", pauseSeconds: 3_600 });
        if (look.n !== 4) return;
        posts = writes();
        await takeLock();
      });

      const { report, error } = await execute(world, { ...PROMOTE, strategy: STRATEGY }, { name: "night" });

      expect(error).toBeUndefined();
      expect(report).toMatchObject({
        status: "failed",
        problems:
          stage === "rolling back" ? [{ code: "alarm" }, { code: "rollback-ended-early", why: [LOST] }] : [LOST],
      });
      expect(posts).toBeDefined();
      expect(writes()).toBe(posts);
      expect((await readOutcomes(world, "night")).size).toBe(60);
      expect((await ledger.readControls()).lock).toMatchObject({ rolloutId: "thief" });
    },
  );
});
