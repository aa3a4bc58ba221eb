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

/** A rollout of 300 customers, against a server with every fault at once. */
async function start(seed: number, event: object = {}, policy: object = {}): Promise<void> {
  const retries = { requestTimeoutMs: 1_000, mostBackoffMs: 20 };
  world = await startWorld({
    customers: 300,
    stagingShare: 0.6,
    seed,
    faults: "chaos=0.02,latency=3,retry-after=0",
    policy: { failureBudget: "50%", concurrency: 8, retries, ...policy },
  });
  worker = createKilledWorker(world, { ...EVENT, ...event });
}

interface Deaths {
  /** How long each worker lives after its first flip; the last one lives on. */
  readonly livesMs: readonly number[];
  /** The flip that begins it. */
  readonly fromFlip: number;
  begin?(): void;
}

/** One worker after another, until one gives the report; three die at least. */
async function runThroughDeaths({ livesMs, fromFlip, begin }: Deaths): Promise<Report> {
  let lifeMs: number | undefined;
  let flips = 0;
  world.emulator.onRequest(({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return;
    flips += 1;
    if (flips === fromFlip) begin?.();
    if (lifeMs === undefined || flips < fromFlip) return;
    setTimeout(() => worker.kill(), lifeMs);
    lifeMs = undefined;
  });
  for (let deaths = 0; ; deaths += 1) {
    lifeMs = livesMs[deaths];
    const report = await worker.run();
    if (report === undefined) continue;
    expect(deaths).toBeGreaterThan(2);
    return report;
  }
}

/** Killed again and again while it flips, a rollout ends with true outcomes. */
export async function expectEndWhileFlipping(seed: number): Promise<void> {
  await start(seed);
  const before = rememberFlags(world);
  const ours = [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);

  const report = await runThroughDeaths({ livesMs: [0, 90, 5, 30, 120, 1], fromFlip: 1 });

  await expectTrueOutcomes(world, report, { before, planned: new Set(ours.map(({ id }) => id)) });
  expectNoSecrets(worker.written(), world.emulator);
}

const ALARM = "calls-drop";

/** Killed again and again while it rolls back, a rollout says of each customer where it is. */
export async function expectEndWhileTurningBack(seed: number): Promise<void> {
  const strategy = { waves: [{ share: "50%", bakeMinutes: 5 }, { rest: true }] };
  await start(seed, { strategy }, { alarms: [ALARM] });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  const before = rememberFlags(world);

  const begin = () => world.cloudWatch.setAlarm(ALARM, { state: "ALARM", reason: "too many calls dropped" });
  const report = await runThroughDeaths({ livesMs: [40, 0, 25, 5, 60, 1], fromFlip: 60, begin });

  // A worker that dies again and again within milliseconds may never restore a whole batch, or verify it: the report says so.
  if (report.status !== "rolled-back")
    expect(report.problems).toMatchObject([
      { code: "alarm" },
      { code: expect.stringMatching(/^rollback-(ended-early|not-verified)$/) },
    ]);
  await expectTrueReverts(world, report, before);
  expectNoSecrets(worker.written(), world.emulator);
}
