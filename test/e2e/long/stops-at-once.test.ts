import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execute } from "../../support/execute.ts";
import { type Ledger, openLedger } from "../../support/ledger.ts";
import { type Moments, type Sent, watchMoments } from "../../support/moments.ts";
import { rememberFlags } from "../../support/truth.ts";
import { startWorld, type World } from "../../support/world.ts";

const ALARM = "calls-drop";
const POST = "SetCustomerStagingMode";
const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night" },
  strategy: { waves: [{ customers: 5, bakeMinutes: 5 }, { rest: true }] },
} as const;
const BACK: Sent = { command: "abort", rollback: true };
const STAY: Sent = { command: "abort", rollback: false };

interface Given {
  readonly onFailure: "rollback" | "halt";
  readonly alarm?: boolean;
  readonly aborts: readonly Sent[];
  readonly status: string;
  /** How many are where the rollout put them in the end. */
  readonly standing: number;
}

let world: World;
let before: ReadonlyMap<string, boolean>;

beforeEach(async () => {
  world = await startWorld({ customers: 20, stagingShare: 1, policy: { alarms: [ALARM] } });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  before = rememberFlags(world);
});
afterEach(() => world.close());

const moved = () => [...world.emulator.customers()].filter(({ id, isStaging }) => isStaging !== before.get(id)).length;

describe("two stops that the same look in a bake shows", () => {
  let moments: Moments;

  beforeEach(async () => {
    moments = await watchMoments(world);
  });
  afterEach(() => moments.close());

  /** A look asks CloudWatch and the ledger at the same time: so long after it has begun, CloudWatch has answered. */
  const ANSWERED_MS = 50;

  test.each<readonly [what: string, given: Given]>([
    [
      "an alarm that would turn back, and an abort that leaves everybody",
      { onFailure: "rollback", alarm: true, aborts: [STAY], status: "aborted", standing: 5 },
    ],
    [
      "an alarm that would halt, and an abort that turns back",
      { onFailure: "halt", alarm: true, aborts: [BACK], status: "rolled-back", standing: 0 },
    ],
    [
      "two aborts, of which the later one leaves everybody",
      { onFailure: "rollback", aborts: [BACK, STAY], status: "aborted", standing: 5 },
    ],
    [
      "two aborts, of which the later one turns back",
      { onFailure: "halt", aborts: [STAY, BACK], status: "rolled-back", standing: 0 },
    ],
  ])("%s", async (_what, { onFailure, alarm = false, aborts, status, standing }) => {
    moments.onLook(async ({ stage, n }) => {
      if (stage !== "baking 1") return;
      if (n === 2 && alarm) {
        await new Promise((resolve) => setTimeout(resolve, ANSWERED_MS));
        world.cloudWatch.setAlarm(ALARM, { state: "ALARM", reason: "7 of 100" });
      }
      if (n === 3) for (const abort of aborts) await moments.send(abort);
    });

    const { report } = await execute(world, { ...PROMOTE, onFailure }, { name: "night" });

    expect(report).toMatchObject({ status, counts: { flipped: 5, skipped: 15 } });
    expect(report?.rollback).toEqual(standing === 0 ? { restored: 5, conflicting: 0, left: 0 } : undefined);
    expect(report?.held).toBe(standing === 0 ? true : undefined);
    expect(report?.problems?.[0]).toMatchObject({ code: "aborted", by: "ann" });
    if (alarm) expect(report?.problems?.[1]).toMatchObject({ code: "alarm", alarm: ALARM, state: "ALARM" });
    expect(moved()).toBe(standing);
    expect((await moments.ledger.readControls()).lock).toBeUndefined();
  });
});

describe("aborts that come when the failure budget has stopped the flips already, and turns them back", () => {
  let ledger: Ledger;
  let gone: string;

  beforeEach(() => {
    ledger = openLedger(world);
    gone = [...before.keys()][0] ?? "";
  });

  async function runWith(commands: readonly Sent[]) {
    const off = world.emulator.onRequest(async ({ operation, phase, customerId }) => {
      if (operation !== POST || phase !== "answered" || customerId === gone) return;
      off();
      world.emulator.removeCustomer(gone);
      const said = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T00:00:00Z" };
      for (const [index, command] of commands.entries())
        await ledger.addCommand("night", { id: `late-${index}`, ...said, ...command });
    });
    const event = { ...PROMOTE, strategy: "all-at-once" };
    const executed = await execute(world, event, { name: "night", policy: { failureBudget: 0 } });
    before = new Map([...before].filter(([id]) => id !== gone));
    return executed;
  }

  test("and of which the last one wants the same, are passed", async () => {
    const { report } = await runWith([STAY, BACK]);

    expect(report).toMatchObject({ status: "rolled-back", rollback: { left: 0 } });
    expect(moved()).toBe(0);
  });

  test("and of which the last one leaves everybody, leave them, each named", async () => {
    const { report } = await runWith([BACK, STAY]);

    const left = moved();
    expect(left).toBeGreaterThan(0);
    expect(report).toMatchObject({ status: "aborted", rollback: { restored: 0, left } });
    const unrestored = report?.exceptions.filter(({ outcome }) => outcome === "not-restored") ?? [];
    expect(unrestored).toHaveLength(left);
    for (const { reason } of unrestored)
      expect(reason).toMatchObject({ code: "not-attempted", why: [{ code: "aborted", by: "ann" }] });
  });

  test("and then a pause, are passed, and the pause holds the way back", async () => {
    const { report, operations } = await runWith([BACK, { command: "pause", pauseSeconds: 600 }]);

    expect(operations).toContain("hold-rollback-part-1");
    expect(report).toMatchObject({ status: "rolled-back", rollback: { left: 0 } });
    expect(moved()).toBe(0);
  });
});
