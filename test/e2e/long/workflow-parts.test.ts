import { execute } from "../../support/execute.ts";
import { afterEach, expect, jest, test } from "../../support/jest.ts";
import type { Executed } from "../../support/run-handler.ts";
import { readOutcomes, startWorld, type World, type WorldOptions } from "../../support/world.ts";

const EVENT = { action: "promote", release: "2026.11", targets: { all: true } } as const;
const POST = "SetCustomerStagingMode";

let world: World;

afterEach(() => {
  jest.restoreAllMocks();
  return world.close();
});

async function given(options: WorldOptions): Promise<{ readonly toFlip: number }> {
  world = await startWorld(options);
  return { toFlip: mine().filter(({ isStaging }) => isStaging).length };
}

const mine = () => [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);
const parts = ({ operations }: Executed, name: string) =>
  operations.filter((operation) => operation.startsWith(`${name}-`)).length;

/** Every customer has exactly one outcome, and who is said to be flipped was: once. */
async function expectTruth(rolloutId: string): Promise<void> {
  const outcomes = await readOutcomes(world, rolloutId);
  const seen = mine().map(({ id, writes: written }) => ({ id, written, outcome: outcomes.get(id)?.outcome }));
  expect(seen.filter(({ outcome }) => outcome === undefined)).toEqual([]);
  expect(seen.filter(({ outcome, written }) => (outcome === "flipped") !== (written === 1))).toEqual([]);
}

test("work for several steps is looked up and flipped in several, each customer once", async () => {
  const { toFlip } = await given({ customers: 60, stagingShare: 0.6 });
  // Each request takes a second of the clock that the worker sees, however fast the machine is.
  const now = Date.now;
  let aheadMs = 0;
  jest.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
  world.emulator.onRequest(({ phase }) => {
    if (phase === "arrived") aheadMs += 1_000;
  });

  const run = await execute(world, EVENT, { policy: { stepSeconds: 5, concurrency: 2, pageSize: 2 } });

  expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: toFlip, unchanged: 60 - toFlip } });
  expect(parts(run, "look-up")).toBeGreaterThanOrEqual(3);
  expect(parts(run, "flip-1-part")).toBeGreaterThanOrEqual(3);
  await expectTruth(run.report?.rolloutId ?? "");
});

test("an event of 80 KB leaves small checkpoints", async () => {
  await given({ customers: 20, policy: { unknownCustomers: "skip" } });
  const unknown = Array.from({ length: 1_200 }, (_, index) => `no-such-customer-${"x".repeat(40)}-${index}`);

  const run = await execute(world, { ...EVENT, targets: { customerIds: [...mine().map(({ id }) => id), ...unknown] } });

  expect(JSON.stringify(unknown).length).toBeGreaterThan(70_000);
  expect(run.report).toMatchObject({ status: "partial", counts: { skipped: 1_200 } });
  expect(run.largestPayloadBytes).toBeLessThan(20_000);
});

test("a flip without a reply is not forgotten when the sign-in is refused", async () => {
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
    reason: { code: "unanswered" },
  });
  expect(outcomes.size).toBe(30);
});
