import type { Report } from "../../lambda/core/report/report.ts";
import { afterEach, expect } from "../support/jest.ts";
import { createKilledWorker, type KilledWorker } from "../support/killed-worker.ts";
import { expectTrueOutcomes, expectTrueReverts, rememberFlags } from "../support/truth.ts";
import { expectNoSecrets, startWorld, type World } from "../support/world.ts";

const EVENT = { action: "promote", release: "2026.11", id: "night", targets: { all: true } } as const;

let world: World;
let worker: KilledWorker;

afterEach(async () => {
  await worker.kill();
  worker.close();
  await world.close();
});

/** How long after its first flip each worker lives, in milliseconds; the last one lives on. */
const LIVES_MS = [0, 90, 5, 30, 120, 1];

/** One worker after another, each told how many died before it, until one gives the report; three die at least. */
async function runThroughDeaths(beginLife: (deaths: number) => void): Promise<Report> {
  for (let deaths = 0; ; deaths += 1) {
    beginLife(deaths);
    const report = await worker.run();
    if (report === undefined) continue;
    expect(deaths).toBeGreaterThan(2);
    return report;
  }
}

/** Killed again and again while it flips, against a server with every fault at once, a rollout ends with true outcomes. */
export async function expectEndWhileFlipping(seed: number): Promise<void> {
  world = await startWorld({
    customers: 300,
    stagingShare: 0.6,
    seed,
    faults: "chaos=0.02,latency=3,retry-after=0",
    policy: { failureBudget: "50%", concurrency: 8, retries: { requestTimeoutMs: 1_000, mostBackoffMs: 20 } },
  });
  const before = rememberFlags(world);
  const planned = new Set(
    [...world.emulator.customers()].flatMap(({ id, accountId }) => (accountId === world.emulator.accountId ? id : [])),
  );
  worker = createKilledWorker(world, EVENT);
  let lifeMs: number | undefined;
  world.emulator.onRequest(({ operation, phase }) => {
    if (lifeMs === undefined || operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
    setTimeout(() => worker.kill(), lifeMs);
    lifeMs = undefined;
  });
  const report = await runThroughDeaths((deaths) => {
    lifeMs = LIVES_MS[deaths];
  });

  await expectTrueOutcomes(world, report, { before, planned });
  expectNoSecrets(worker.written(), world.emulator);
}

/** How long after the first flip back, or the flip before it, each worker lives; the last one lives on. */
const LIVES_TURNING_MS = [40, 0, 25, 5, 60, 1];
const ALARM = "calls-drop";

/** Killed again and again while it rolls back, a rollout says of each customer where it is. */
export async function expectEndWhileTurningBack(seed: number): Promise<void> {
  world = await startWorld({
    customers: 300,
    stagingShare: 0.6,
    seed,
    faults: "chaos=0.02,latency=3,retry-after=0",
    policy: {
      failureBudget: "50%",
      concurrency: 8,
      alarms: [ALARM],
      retries: { requestTimeoutMs: 1_000, mostBackoffMs: 20 },
    },
  });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  const before = rememberFlags(world);
  worker = createKilledWorker(world, {
    ...EVENT,
    strategy: { waves: [{ share: "50%", bakeMinutes: 5 }, { rest: true }] },
  });
  let lifeMs: number | undefined;
  let flips = 0;
  world.emulator.onRequest(({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
    flips += 1;
    if (flips === 60) world.cloudWatch.setAlarm(ALARM, { state: "ALARM", reason: "too many calls dropped" });
    if (lifeMs === undefined || flips < 60) return;
    setTimeout(() => worker.kill(), lifeMs);
    lifeMs = undefined;
  });
  const report = await runThroughDeaths((deaths) => {
    lifeMs = LIVES_TURNING_MS[deaths];
  });

  // A worker that dies again and again within milliseconds may never restore a whole batch, or verify it: the report says so.
  if (report.status !== "rolled-back")
    expect(report.problems).toMatchObject([
      { code: "alarm" },
      { code: expect.stringMatching(/^rollback-(ended-early|not-verified)$/) },
    ]);
  await expectTrueReverts(world, report, before);
  expectNoSecrets(worker.written(), world.emulator);
}
