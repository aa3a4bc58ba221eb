import { afterEach, describe, expect, test } from "@jest/globals";
import { startDynamoDbProxy } from "../../support/dynamodb-proxy.ts";
import { type Executed, execute } from "../../support/execute.ts";
import { createKilledWorker } from "../../support/killed-worker.ts";
import { readOutcomes, startWorld, type World, type WorldOptions } from "../../support/world.ts";

const EVENT = { action: "promote", release: "2026.11", targets: { all: true } } as const;
const POST = "SetCustomerStagingMode";

let world: World;

afterEach(() => world.close());

async function given(options: WorldOptions): Promise<{ readonly toFlip: number }> {
  world = await startWorld(options);
  return { toFlip: mine().filter(({ isStaging }) => isStaging).length };
}

const mine = () => [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);
const writes = () => [...world.emulator.customers()].reduce((sum, customer) => sum + customer.writes, 0);
const parts = ({ operations }: Executed, name: string) =>
  operations.filter((operation) => operation.startsWith(`${name}-`)).length;

/** Every customer has exactly one outcome, and who is said to be flipped was: once. */
async function expectTruth(rolloutId: string): Promise<void> {
  const outcomes = await readOutcomes(world, rolloutId);
  const seen = mine().map(({ id, writes: written }) => ({ id, written, outcome: outcomes.get(id)?.outcome }));
  expect(seen.filter(({ outcome }) => outcome === undefined)).toEqual([]);
  expect(seen.filter(({ outcome, written }) => (outcome === "flipped") !== (written === 1))).toEqual([]);
}

describe("work that needs several times the budget of a step", () => {
  test("is looked up and flipped in several steps, everybody once", async () => {
    const { toFlip } = await given({ customers: 60, faults: "latency=50", stagingShare: 0.6 });

    const run = await execute(world, EVENT, { policy: { stepSeconds: 0.2, concurrency: 2, pageSize: 2 } });

    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: toFlip, unchanged: 60 - toFlip } });
    expect(parts(run, "look-up")).toBeGreaterThanOrEqual(3);
    expect(parts(run, "flip-1-part")).toBeGreaterThanOrEqual(3);
    await expectTruth(run.report?.rolloutId ?? "");
  });

  test("is planned in several steps by a slow ledger", async () => {
    const { toFlip } = await given({ customers: 6_000, stagingShare: 0.5 });
    const ledger = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
    Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB: ledger.address });
    ledger.listener = async ({ operation, body, phase }) => {
      if (operation === "PutItem" && /batch#|settled#/.test(body) && phase === "done")
        await new Promise((resolve) => setTimeout(resolve, 400));
      return undefined;
    };

    const run = await execute(world, { ...EVENT, dryRun: true }, { policy: { stepSeconds: 0.3 } });

    expect(run.report).toMatchObject({ status: "planned", plan: { flip: toFlip, unchanged: 6_000 - toFlip } });
    expect(parts(run, "plan")).toBeGreaterThanOrEqual(3);
    expect((await readOutcomes(world, run.report?.rolloutId ?? "")).size).toBe(6_000 - toFlip);
    await ledger.close();
  });

  test("has ended before Lambda ends its invocation, however long a step may be", async () => {
    const { toFlip } = await given({ customers: 60, faults: "latency=50", stagingShare: 0.6 });

    const run = await execute(world, EVENT, { policy: { concurrency: 2 }, invocationMs: 76_500 });

    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: toFlip } });
    expect(parts(run, "flip-1-part")).toBeGreaterThanOrEqual(2);
  });
});

test("an event of 250 KB leaves small checkpoints", async () => {
  await given({ customers: 20, policy: { unknownCustomers: "skip" } });
  const unknown = Array.from({ length: 3_700 }, (_, index) => `no-such-customer-${"x".repeat(40)}-${index}`);

  const run = await execute(world, { ...EVENT, targets: { customerIds: [...mine().map(({ id }) => id), ...unknown] } });

  expect(JSON.stringify(unknown).length).toBeGreaterThan(200_000);
  expect(run.report).toMatchObject({ status: "partial", counts: { skipped: 3_700 } });
  expect(run.largestPayloadBytes).toBeLessThan(40_000);
});

describe("a worker that dies each time at the same place", () => {
  test("fails the rollout at its fourth try, with an outcome for everybody and the reason", async () => {
    await given({ customers: 30, stagingShare: 0.5 });
    const worker = createKilledWorker(world, { ...EVENT, id: "night" });
    world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation !== POST || phase !== "arrived") return;
      await worker.kill();
      // Nobody is left to be answered, and nothing is written.
      await new Promise(() => {});
    });

    for (let deaths = 0; deaths < 3; deaths += 1) expect(await worker.run()).toBeUndefined();
    const report = await worker.run();

    expect(report).toMatchObject({
      status: "failed",
      problems: [{ code: "stalled", step: "flip-1-part-1", mark: "batch 0, 0 settled" }],
      counts: { flipped: 0, failed: 0 },
    });
    await expectTruth("night");
    worker.close();
  });
});

describe("the failure budget", () => {
  /** Flips one after the other; while the first is on its way, so many of the others are deleted. */
  async function deleteInTheMiddle(count: number): Promise<void> {
    const off = world.emulator.onRequest(({ operation, phase, customerId }) => {
      if (operation !== POST || phase !== "arrived") return;
      off();
      const others = mine().filter(({ id, isStaging }) => isStaging && id !== customerId);
      for (const { id } of others.slice(0, count)) world.emulator.removeCustomer(id);
    });
  }

  test.each([
    { budget: 3, failing: 3, status: "partial" },
    { budget: 3, failing: 4, status: "halted" },
    { budget: "10%", failing: 4, status: "partial" },
    { budget: "10%", failing: 5, status: "halted" },
  ])("of $budget is $status after $failing failures", async ({ budget, failing, status }) => {
    const { toFlip } = await given({ customers: 90, stagingShare: 0.5 });
    expect(Math.floor(toFlip / 10)).toBe(4);
    await deleteInTheMiddle(failing);

    const { report } = await execute(world, EVENT, {
      policy: { failureBudget: budget, concurrency: 1, onFailure: "halt" },
    });

    expect(report).toMatchObject({ status, counts: { failed: failing } });
    if (status === "halted") expect(report?.problems).toMatchObject([{ code: "failure-budget", failed: failing }]);
    expect((report?.counts.flipped ?? 0) + failing + (report?.counts.skipped ?? 0)).toBe(toFlip);
    expect(report?.counts.skipped === 0).toBe(status === "partial");
    await expectTruth(report?.rolloutId ?? "");
  });

  test("that is exceeded still stops a rollout whose worker died right after", async () => {
    const { toFlip } = await given({
      customers: 400,
      stagingShare: 0.7,
      policy: { failureBudget: 2, concurrency: 1, onFailure: "halt" },
    });
    await deleteInTheMiddle(60);
    const ledger = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
    const worker = createKilledWorker(world, { ...EVENT, id: "night" }, { dynamodb: ledger.address });
    let records = 0;
    ledger.listener = async ({ operation, body, phase }) => {
      if (operation !== "UpdateItem" || !body.includes("batch#") || phase !== "done") return undefined;
      records += 1;
      if (records === 2) await worker.kill();
      return undefined;
    };
    expect(await worker.run()).toBeUndefined();
    const before = world.emulator.stats().requests[POST];

    const report = await worker.run();

    expect(report).toMatchObject({ status: "halted", problems: [{ code: "failure-budget", failed: 3 }] });
    expect(world.emulator.stats().requests[POST]).toBe(before);
    expect((report?.counts.flipped ?? 0) + 3 + (report?.counts.skipped ?? 0)).toBe(toFlip);
    await expectTruth("night");
    worker.close();
    await ledger.close();
  });
});

test("a flip whose reply was lost, and that cannot be read because the sign-in is refused, is not forgotten", async () => {
  await given({ customers: 30, stagingShare: 0.5 });
  let doubtful = "";
  world.emulator.onRequest(({ operation, phase, customerId = "" }) => {
    if (operation !== POST) return;
    if (phase === "arrived") world.emulator.setFaults("drop-after");
    if (phase !== "written") return;
    doubtful = customerId;
    world.emulator.setPassword("changed");
    world.emulator.endSessions();
  });

  const { report } = await execute(world, EVENT, { policy: { concurrency: 1 } });

  expect(report).toMatchObject({ status: "failed", counts: { flipped: 0, failed: 1 } });
  const outcomes = await readOutcomes(world, report?.rolloutId ?? "");
  expect(outcomes.get(doubtful)).toMatchObject({
    outcome: "failed",
    reason: { code: "may-be-flipped" },
  });
  expect(outcomes.size).toBe(30);
});

test("a sign-in that is refused in the middle skips the rest with the reason, and loses nobody", async () => {
  const { toFlip } = await given({ customers: 400, stagingShare: 0.7 });
  let posts = 0;
  world.emulator.onRequest(({ operation, phase }) => {
    if (operation !== POST || phase !== "written") return;
    posts += 1;
    if (posts !== 100) return;
    world.emulator.setPassword("changed");
    world.emulator.endSessions();
  });

  const { report } = await execute(world, EVENT);

  expect(report).toMatchObject({
    status: "failed",
    problems: [{ code: "sign-in-refused" }],
    counts: { failed: 0 },
  });
  expect(report?.counts.flipped).toBe(writes());
  expect((report?.counts.flipped ?? 0) + (report?.counts.skipped ?? 0)).toBe(toFlip);
  expect(world.emulator.stats().refusedSignIns).toBe(1);
  const reasons = [...(await readOutcomes(world, report?.rolloutId ?? "")).values()];
  for (const { outcome, reason } of reasons)
    if (outcome === "skipped")
      expect(reason).toMatchObject({ code: "not-attempted", why: [{ code: "sign-in-refused" }] });
  await expectTruth(report?.rolloutId ?? "");
});
