import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { execute } from "../../support/execute.ts";
import { atFlip } from "../../support/moments.ts";
import { rememberFlags } from "../../support/truth.ts";
import { startWorld, type World } from "../../support/world.ts";

const ALARM = "calls-drop";
const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;

let world: World;
let aheadMs: number;

/** The clock stands ahead of the machine's by as much as a test says. */
beforeEach(async () => {
  world = await startWorld({ customers: 40, stagingShare: 1, policy: { alarms: [ALARM], concurrency: 1 } });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  const now = Date.now;
  aheadMs = 0;
  jest.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
});
afterEach(() => {
  jest.restoreAllMocks();
  return world.close();
});

/** All 40 are one batch: an alarm fires at its tenth flip, and so much later the eleventh would begin. */
async function fireInTheBatch(laterMs: number) {
  atFlip(world, { flag: false, n: 10 }, () => {
    world.cloudWatch.setAlarm(ALARM, { state: "ALARM" });
    aheadMs = laterMs;
  });
  const { report } = await execute(world, PROMOTE, { name: "night" });
  return { report, calls: world.cloudWatch.calls().length };
}

const FIRED = { code: "alarm", alarm: "calls-drop", state: "ALARM", detail: "it is ALARM" };

describe("an alarm that fires in a batch which takes long", () => {
  test("stops the batch a minute after the last look, and turns back those who were flipped", async () => {
    const before = rememberFlags(world);

    const { report, calls } = await fireInTheBatch(60_000);

    expect(report).toMatchObject({
      status: "rolled-back",
      problems: [FIRED],
      counts: { flipped: 10, skipped: 30, failed: 0 },
      rollback: { restored: 10, conflicting: 0, left: 0 },
    });
    const skipped = report?.exceptions.filter(({ outcome }) => outcome === "skipped") ?? [];
    expect(skipped).toHaveLength(30);
    for (const { reason } of skipped) expect(reason).toMatchObject({ code: "not-attempted", why: [FIRED] });
    expect(rememberFlags(world)).toEqual(before);
    // Before the first flip, before the batch, and in it.
    expect(calls).toBe(3);
  });

  test("is seen by the gate when the batch is done within the minute", async () => {
    const { report, calls } = await fireInTheBatch(50_000);

    expect(report).toMatchObject({
      status: "rolled-back",
      counts: { flipped: 40 },
      rollback: { restored: 40, conflicting: 0, left: 0 },
    });
    expect(calls).toBe(3);
  });
});
