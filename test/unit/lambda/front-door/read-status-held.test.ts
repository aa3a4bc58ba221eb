import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { RolloutProgress } from "../../../../lambda/core/report/rollout-progress.ts";
import type { FrontDoorPorts } from "../../../../lambda/front-door/ports.ts";
import { readStatus } from "../../../../lambda/front-door/read-status.ts";
import type { Alarm } from "../../../../local/aws/cloud-watch.ts";
import { execute } from "../../../support/execute.ts";
import { type Look, type Moments, type Sent, watchMoments } from "../../../support/moments.ts";
import { startWorld, type World } from "../../../support/world.ts";

const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 3, bakeMinutes: 5 }, { rest: true }] },
};

describe("a rollout that an alarm without data holds names it,", () => {
  const ALARM = "calls-drop";
  const noData = {
    code: "no-data",
    message: `alarm ${ALARM} has no data (INSUFFICIENT_DATA): it is INSUFFICIENT_DATA`,
  };
  const blind = { state: "INSUFFICIENT_DATA" } as const;
  let world: World;
  let moments: Moments;

  beforeEach(async () => {
    world = await startWorld({ customers: 40, stagingShare: 1, policy: { alarms: [ALARM] } });
    world.cloudWatch.setAlarm(ALARM, { state: "OK" });
    moments = await watchMoments(world);
  });
  afterEach(() => moments.close().finally(() => world.close()));

  /** Where it stands at some looks, each after that look's alarm was set. */
  async function askAt(
    looks: readonly (Look & { readonly alarm?: Alarm; readonly send?: Sent })[],
  ): Promise<readonly (RolloutProgress | undefined)[]> {
    const executions = { findEnd: async () => ({ running: true }) };
    const ports = { ledger: moments.ledger, executions, nowMs: Date.now } as unknown as FrontDoorPorts;
    const heard: (RolloutProgress | undefined)[] = [];
    moments.onLook(async ({ stage, n }) => {
      const look = looks.find((each) => each.stage === stage && each.n === n);
      if (look === undefined) return;
      if (look.send !== undefined) await moments.send(look.send);
      if (look.alarm !== undefined) world.cloudWatch.setAlarm(ALARM, look.alarm);
      const answer = await readStatus(ports, { rolloutId: "night" });
      heard.push("progress" in answer ? answer.progress : undefined);
    });
    await execute(world, PROMOTE, { name: "night" });
    return heard;
  }

  test("in a bake, with how much of that is left, and until it has data again", async () => {
    // A look asks CloudWatch and the ledger at the same time: what is set at one look, the next one sees.
    const heard = await askAt([
      { stage: "baking 1", n: 2 },
      { stage: "baking 1", n: 3, alarm: blind },
      { stage: "baking 1", n: 5, alarm: { state: "OK" } },
      { stage: "baking 1", n: 7 },
    ]);
    expect(heard).toMatchObject([
      { phase: "baking", wave: 1, bakeLeftSeconds: 300, heldBy: [] },
      { phase: "baking", wave: 1, heldBy: [] },
      { phase: "baking", wave: 1, bakeLeftSeconds: 180, heldBy: [noData] },
      { phase: "baking", wave: 1, bakeLeftSeconds: 120, heldBy: [] },
    ]);
  });

  test("and so is a pause that was sent long ago, for as long as it was sent for from when it was taken in", async () => {
    const sentMs = Date.now();
    const [, paused] = await askAt([
      { stage: "baking 1", n: 2, send: { command: "pause", pauseSeconds: 540 } },
      { stage: "baking 1", n: 4 },
    ]);
    const [, until = ""] = /^paused by ann until (.*): calls drop$/.exec(paused?.heldBy[0]?.message ?? "") ?? [];
    expect(Date.parse(until) - sentMs).toBeGreaterThanOrEqual(540_000);
    expect(Date.parse(until) - Date.now()).toBeLessThanOrEqual(540_000);
  });

  test("before its first flip", async () => {
    world.cloudWatch.setAlarm(ALARM, blind);
    const [held] = await askAt([{ stage: "preparing", n: 6, alarm: { state: "OK" } }]);
    expect(held).toMatchObject({ phase: "preparing", heldBy: [noData] });
  });
});
