import { startDynamoDbProxy } from "../support/dynamodb-proxy.ts";
import { execute } from "../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { createKilledWorker, type KilledWorker } from "../support/killed-worker.ts";
import { openLedger } from "../support/ledger.ts";
import { toArn } from "../support/run-handler.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

const EVENT = { action: "promote", release: "2026.11", targets: { all: true } } as const;
const OTHER = { action: "stage", release: "2026.12", targets: { all: true } } as const;
const POST = "SetCustomerStagingMode";

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 60 });
});
afterEach(() => world.close());

const writes = () => [...world.emulator.customers()].reduce((sum, customer) => sum + customer.writes, 0);
const staged = () =>
  [...world.emulator.customers()].filter((one) => one.isStaging && one.accountId === world.emulator.accountId).length;

describe("the same event", () => {
  test.each([
    ["with an id", { ...EVENT, id: "delivery-7" }],
    ["without an id", EVENT],
  ])("%s, sent twice at once, is one rollout, and one answer says that it joined", async (_kind, event) => {
    const toFlip = staged();

    const both = await Promise.all(["one", "two"].map((name) => execute(world, event, { name })));

    const [first, second] = both.map(({ report }) => report).sort((a) => (a?.joined ? 1 : -1));
    expect(first).toMatchObject({ status: "succeeded", counts: { flipped: toFlip } });
    expect(first).not.toHaveProperty("joined");
    expect(second).toMatchObject({ rolloutId: first?.rolloutId, joined: true });
    expect(writes()).toBe(toFlip);
  });

  test("with an id, sent later, has the first report; another event with the id is refused", async () => {
    const event = { ...EVENT, id: "delivery-7" };
    const first = await execute(world, event, { name: "one" });
    const { requests } = world.emulator.stats();

    const second = await execute(world, event, { name: "two" });
    expect(second.report).toEqual({ ...first.report, joined: true });
    expect(second.operations).toEqual(["open"]);

    const { report } = await execute(world, { ...OTHER, id: "delivery-7" }, { name: "three" });
    expect(report).toMatchObject({ status: "refused", problems: [{ code: "id-taken" }] });
    expect(world.emulator.stats().requests).toEqual(requests);
  });

  test("without an id, sent again later, is a rollout of its own that finds each customer right", async () => {
    const first = await execute(world, EVENT, { name: "one" });
    const second = await execute(world, EVENT, { name: "two" });

    expect(second.report).toMatchObject({ status: "succeeded", counts: { flipped: 0, unchanged: 60 } });
    expect(second.report?.rolloutId).not.toBe(first.report?.rolloutId);
  });
});

test("of two different events at once one runs, the other is refused with the id of the first", async () => {
  const both = await Promise.all([
    execute(world, { ...EVENT, id: "night" }, { name: "one" }),
    execute(world, { ...OTHER, id: "noon" }, { name: "two" }),
  ]);

  const [ran, refused] = both.map(({ report }) => report).sort((a) => (a?.status === "refused" ? 1 : -1));
  expect(ran).toMatchObject({ status: "succeeded" });
  expect(refused).toMatchObject({ status: "refused", problems: [{ code: "locked", rolloutId: ran?.rolloutId }] });
  expect(writes()).toBe(ran?.counts.flipped);
});

describe("a rollout whose worker died", () => {
  let first: KilledWorker;
  let flippedByFirst: readonly string[];

  beforeEach(async () => {
    first = createKilledWorker(world, { ...EVENT, id: "night" });
    const off = world.emulator.onRequest(async ({ operation, phase }) => {
      if (operation === POST && phase === "written") await first.kill();
    });
    expect(await first.run()).toBeUndefined();
    off();
    flippedByFirst = [...world.emulator.customers()].filter((customer) => customer.writes > 0).map(({ id }) => id);
  });
  afterEach(() => first.close());

  test("keeps its lock while Lambda says that its execution runs, and loses it afterwards", async () => {
    const { report: refused } = await execute(world, { ...EVENT, id: "early" }, { name: "early" });
    expect(refused).toMatchObject({ status: "refused", problems: [{ code: "locked", rolloutId: "night" }] });

    world.executions.ended(first.executionArn, "STOPPED");
    // Sent again, the event of the dead one is answered that it failed.
    const { report: joined } = await execute(world, { ...EVENT, id: "night" }, { name: "again" });
    expect(joined).toMatchObject({
      ...{ rolloutId: "night", status: "failed", joined: true, problems: [{ code: "abandoned" }] },
    });

    const { report, waits, operations } = await execute(
      world,
      { ...EVENT, id: "noon" },
      // How long the dead one may have waited for a reply, its own policy says.
      { name: "two", policy: { retries: { requestTimeoutMs: 100 } } },
    );

    expect(waits).toMatchObject({ settle: 6 });
    expect(operations.slice(0, 3)).toEqual(["open", "settle", "look-up-1"]);
    expect(report).toMatchObject({ status: "succeeded" });
    expect(staged()).toBe(0);
    const outcomes = await readOutcomes(world, "noon");
    expect(flippedByFirst.map((id) => outcomes.get(id)?.outcome)).toEqual(flippedByFirst.map(() => "unchanged"));
    expect(await openLedger(world).findRollout("night")).toMatchObject({
      status: "failed",
      problem: { code: "abandoned" },
    });
  });

  test("waits as long when the takeover itself is interrupted", async () => {
    world.executions.forget(first.executionArn);
    const ledger = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
    const second = createKilledWorker(world, { ...EVENT, id: "noon" }, { name: "two", dynamodb: ledger.address });
    ledger.listener = async ({ operation, body, phase }) => {
      if (operation !== "UpdateItem" || !body.includes('"controls"') || phase !== "done") return undefined;
      ledger.listener = () => undefined;
      await second.kill();
      return "lose";
    };

    expect(await second.run()).toBeUndefined();
    expect(await second.run()).toMatchObject({ status: "succeeded" });

    expect(second.journal().waits).toMatchObject({ settle: 6 });
    expect(await openLedger(world).findRollout("night")).toMatchObject({ status: "failed" });
    second.close();
    await ledger.close();
  });
});

test("an event that comes too late is refused, and Evo Voice is asked nothing", async () => {
  const { report } = await execute(world, { ...EVENT, notAfter: "2026-01-01T00:00:00Z" });

  expect(report).toMatchObject({ status: "refused", problems: [{ code: "too-late" }] });
  expect(world.emulator.stats().requests).toEqual({});
  expect((await openLedger(world).readControls()).lock).toBeUndefined();
});

test("a dry run has the same plan each time, takes no lock, and runs beside a rollout", async () => {
  const event = { ...EVENT, dryRun: true };
  const toFlip = staged();
  const ledger = openLedger(world);

  const first = await execute(world, event, { name: "one" });
  const controls = await ledger.readControls();
  expect(controls).toEqual({ fence: 0, holds: {}, protectedIds: [] });
  const busy = { rolloutId: "busy", execution: toArn("busy"), fence: 1, fingerprint: "", settleSeconds: 6 };
  world.executions.running(busy.execution);
  await ledger.takeLock(busy, controls);
  const second = await execute(world, event, { name: "two" });

  expect(first.report).toMatchObject({ status: "planned", plan: { flip: toFlip, unchanged: 60 - toFlip } });
  expect(second.report?.plan).toEqual(first.report?.plan);
  expect(second.report?.rolloutId).not.toBe(first.report?.rolloutId);
  expect(writes()).toBe(0);
});

test("a lost reply of the ledger to a write that was made, whichever it is, changes nothing", async () => {
  const ledger = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  process.env.AWS_ENDPOINT_URL_DYNAMODB = ledger.address;
  const toFlip = staged();
  const lost = new Set<string>();
  ledger.listener = ({ operation, body, phase }) => {
    if (phase !== "done" || !/^(Put|Update)Item$/.test(operation) || lost.has(body)) return undefined;
    lost.add(body);
    return "lose";
  };

  const { report, waits } = await execute(world, EVENT).finally(() => ledger.close());

  expect(lost.size).toBeGreaterThan(8);
  expect(report).toMatchObject({ status: "succeeded", counts: { flipped: toFlip, failed: 0 } });
  expect(report).not.toHaveProperty("joined");
  expect(waits).not.toHaveProperty("settle");
  expect(writes()).toBe(toFlip);
});
