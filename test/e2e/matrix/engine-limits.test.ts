import { execute } from "../../support/execute.ts";
import { afterEach, beforeEach, describe, expect, jest, test } from "../../support/jest.ts";
import { type Moments, watchMoments } from "../../support/moments.ts";
import { startWorld, type World } from "../../support/world.ts";

const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;
const BY_ANN = { requestedBy: "ann", reason: "the carrier is down", at: "2026-11-23T02:00:00.000Z" } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let world: World;
let moments: Moments;

beforeEach(async () => {
  world = await startWorld({ customers: 20, stagingShare: 1 });
  moments = await watchMoments(world);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await moments.close();
  await world.close();
});

/** Each skipped wait moves the clock. */
let skippedMs = 0;

function moveClock(): void {
  const now = Date.now.bind(Date);
  skippedMs = 0;
  jest.spyOn(Date, "now").mockImplementation(() => now() + skippedMs);
}

/** Its waits take their time, by the date. */
function runFor(event: object) {
  const onSkip = (ms: number) => {
    skippedMs += ms;
  };
  return execute(world, event, { name: "night", onSkip });
}

const stop = () => moments.ledger.changeControls({ ...BY_ANN, change: "stop-everything" }, "stop");
const resume = () => moments.ledger.changeControls({ ...BY_ANN, change: "resume-everything" }, "resume");

/** The stop switch from the first flip on, for so long. */
function stopFor(ms: number): void {
  let stoppedAtMs = Number.POSITIVE_INFINITY;
  moments.atFlip(false, 1, async () => {
    stoppedAtMs = Date.now();
    await stop();
  });
  moments.onLook(async () => {
    if (Date.now() - stoppedAtMs < ms) return;
    stoppedAtMs = Number.POSITIVE_INFINITY;
    await resume();
  });
}

describe("AWS meters, of the 3,000 operations of an execution,", () => {
  test.each([
    ["all-at-once", 18],
    ["canary-10-percent-30-minutes", 55],
    ["canary-10-percent-168-hours", 621],
  ])("for %s %i", async (strategy, metered) => {
    const run = await execute(world, { ...PROMOTE, strategy }, { name: "night" });

    expect(run.report).toMatchObject({ status: "succeeded", counts: { flipped: 20 } });
    expect(run.metered).toBe(metered);
  });
});

test("a hold of 31 days ends a rollout after 27 days, with a report", async () => {
  moveClock();
  stopFor(31 * DAY_MS);

  const { report, metered } = await runFor(PROMOTE);

  expect(report).toMatchObject({ status: "halted", problems: [{ code: "rollback-reserve", used: "27 days" }] });
  expect(metered).toBeLessThan(1_000);
});
