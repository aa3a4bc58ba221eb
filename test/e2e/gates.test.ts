import type { Plan } from "../../lambda/core/plan/plan.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import type { Alarm } from "../../local/aws/cloud-watch.ts";
import { execute } from "../support/execute.ts";
import { describe, expect, test } from "../support/jest.ts";
import { openLedger } from "../support/ledger.ts";
import { atFlip } from "../support/moments.ts";
import { rememberFlags } from "../support/truth.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

const STRATEGY = "canary-10-percent-5-minutes";
type OnFailure = "rollback" | "halt";

/** What a row is about, before the rollout starts. */
interface Scene {
  readonly world: World;
  readonly plan: Plan;
  /** Members of the event and of the policy that the cause needs. */
  readonly event: Record<string, unknown>;
  readonly policy: Record<string, unknown>;
  /** Customers that are deleted while the rollout runs. */
  readonly deleted: Set<string>;
}

/** How the rollout is to end. */
type Expected =
  | { readonly ends: "succeeded" | "partial"; readonly failed?: number; readonly overridden?: readonly string[] }
  | {
      readonly ends: "at a gate";
      readonly wave: number;
      readonly reasons: readonly object[];
      /** The wave's own customers were not begun. */
      readonly before?: boolean;
      readonly failed?: number;
    }
  | { readonly ends: "refused"; readonly reasons: readonly object[] };

/** Arranges what happens, in a wave counted from 1. */
type Cause = (scene: Scene, wave: number) => Expected | Promise<Expected>;

const ALARM = "calls-drop";
const OTHER = "composite-of-others";
const NO_DATA_MINUTES = 3;
const PROMOTE = { action: "promote", release: "2026.11", targets: { all: true }, id: "night" } as const;

/** Runs one row of the table, and compares the report, the flags, the ledger, the lock and the holds with it. */
async function runRow(
  { onFailure, wave }: { readonly onFailure: OnFailure; readonly wave: number },
  cause: Cause,
): Promise<void> {
  const world = await startWorld({ customers: 40, stagingShare: 1, policy: { alarms: [ALARM, OTHER] } });
  try {
    const { cloudWatch } = world;
    const before = rememberFlags(world);
    const event: Record<string, unknown> = { ...PROMOTE, strategy: STRATEGY, onFailure };
    const policy: Record<string, unknown> = {
      ...{ onFailure: onFailure === "halt" ? "rollback" : "halt", noDataMinutes: NO_DATA_MINUTES, concurrency: 1 },
    };
    cloudWatch.setAlarm(ALARM, { state: "OK" });
    cloudWatch.setAlarm(OTHER, { state: "OK", kind: "composite" });
    plan ??= await planDry(world, event, policy);
    const scene = { world, plan, event, policy, deleted: new Set<string>() };
    const expected = await cause(scene, wave);
    const { report, error } = await execute(world, event, { name: "night", policy });
    if (report === undefined) throw new Error(`the execution failed: ${error}`);
    expect(report.plan?.waves).toEqual(scene.plan.waves);
    expectReport(report, expected, scene.plan, onFailure);
    for (const id of scene.deleted) (before as Map<string, boolean>).delete(id);
    await expectTruth(scene, report, before);
  } finally {
    await world.close();
  }
}

/** The customers are the same in every row, and what a rollout plans is compared with it. */
let plan: Plan | undefined;

async function planDry(world: World, event: object, policy: Readonly<Record<string, unknown>>): Promise<Plan> {
  const { report } = await execute(world, { ...event, id: "dry", dryRun: true }, { name: "dry", policy });
  return report?.plan as Plan;
}

function expectReport(report: Report, expected: Expected, plan: Plan, onFailure: OnFailure): void {
  switch (expected.ends) {
    case "refused":
      expect(report).toMatchObject({ status: "refused", problems: toExpected(expected.reasons) });
      expect(report.counts).toEqual({ flipped: 0, unchanged: 0, deferred: 0, skipped: 0, failed: 0 });
      expect(report.waves).toBeUndefined();
      return;
    case "at a gate":
      expectStopped(report, expected, plan, onFailure);
      return;
    default: {
      const { failed = 0, overridden } = expected;
      expect(report.problems).toBeUndefined();
      expect(report).toMatchObject({ status: expected.ends, counts: { flipped: 40 - failed, failed, skipped: 0 } });
      expect(report.override).toEqual(
        overridden && { reason: "this release mends it", alarms: overridden, freezes: [] },
      );
      expect(report.rollback).toBeUndefined();
      expect(report.waves?.map(({ decision }) => decision)).toEqual(plan.waves.map(toProceed));
    }
  }
}

function toProceed({ customers }: Plan["waves"][number]): "proceed" | undefined {
  return customers === 0 ? undefined : "proceed";
}

function expectStopped(
  report: Report,
  { wave, reasons, before = false, failed = 0 }: Extract<Expected, { readonly ends: "at a gate" }>,
  plan: Plan,
  onFailure: OnFailure,
): void {
  const begun = plan.waves.slice(0, before ? wave - 1 : wave);
  const flipped = begun.reduce((sum, { customers }) => sum + customers, 0) - failed;
  expect(report).toMatchObject({
    status: onFailure === "halt" ? "halted" : "rolled-back",
    problems: toExpected(reasons),
    counts: { flipped, failed, skipped: 40 - flipped - failed, unchanged: 0 },
  });
  expect(report.rollback).toEqual(onFailure === "halt" ? undefined : { restored: flipped, conflicting: 0, failed: 0 });
  const decision = onFailure === "halt" ? "halt" : "roll back";
  expect(report.waves?.map((each) => each.decision)).toEqual([
    ...plan.waves.slice(0, wave - 1).map(toProceed),
    decision,
  ]);
  const said = report.waves?.at(-1)?.reasons ?? [];
  expect(said).not.toEqual([]);
  expect(said).toEqual(report.problems);
  // What is well is not named; a call that is refused shows none of them.
  const alarms = said.filter((one) => one.code === "alarm");
  expect(alarms.some(({ alarm }) => alarm === OTHER)).toBe(alarms.some(({ state }) => state === "unreadable"));
}

/** All of these, in any order: where nothing can be read, each alarm is one of them. */
function toExpected(reasons: readonly object[]) {
  return expect.arrayContaining(reasons.map((reason) => expect.objectContaining(reason)));
}

/** The ledger has one outcome for each customer, the flags agree, the lock is free, and a release that was rolled back is held. */
async function expectTruth({ world, deleted }: Scene, report: Report, before: ReadonlyMap<string, boolean>) {
  const { emulator } = world;
  const outcomes = await readOutcomes(world, "night");
  const isBack = report.status === "rolled-back";
  for (const { id, isStaging, accountId } of emulator.customers()) {
    const was = before.get(id);
    const isOurs = accountId === emulator.accountId;
    const { outcome, reason } = outcomes.get(id) ?? {};
    const isMoved = outcome === "flipped" && !isBack;
    expect({ id, isStaging }).toEqual({ id, isStaging: isMoved ? false : was });
    if (report.status === "refused" || !isOurs) expect(outcome).toBeUndefined();
    else
      expect({ id, outcome, reason }).toEqual({
        id,
        outcome: expect.stringMatching(/flipped|skipped/),
        reason: expect.objectContaining({ code: expect.any(String) }),
      });
  }
  for (const id of deleted) expect(outcomes.get(id)?.outcome).toBe("failed");
  expect(outcomes.size).toBe(report.status === "refused" ? 0 : 40);
  const { lock, holds } = await openLedger(world).readControls();
  expect(lock).toBeUndefined();
  expect(holds).toEqual(
    isBack ? { "2026.11": expect.objectContaining({ action: "promote", rolloutId: "night" }) } : {},
  );
}

/** The call that reads the alarms before a wave's first batch: one at the start, and for each earlier wave one at its flips, one at its verification, and its polls. */
function callBefore({ waves }: Plan, wave: number): number {
  const earlier = waves.slice(0, wave - 1).filter(({ customers }) => customers > 0);
  return 2 + earlier.reduce((calls, one) => calls + 2 + countLooks(one), 0);
}

/** A look at the bake's begin, one each minute, the last one at its end. */
function countLooks({ bakeSeconds }: Plan["waves"][number]): number {
  return bakeSeconds / 60 + 1;
}

/** How many customers the waves before have. */
function countBefore({ waves }: Plan, wave: number): number {
  return waves.slice(0, wave - 1).reduce((sum, { customers }) => sum + customers, 0);
}

function getWave(plan: Plan, wave: number): Plan["waves"][number] {
  const found = plan.waves[wave - 1];
  if (found === undefined) throw new Error(`the plan has no wave ${wave}`);
  return found;
}

const FIRES: Alarm = { state: "ALARM", reason: "12 of 100 calls dropped" };
const FIRED = [{ code: "alarm", alarm: ALARM, state: "ALARM", detail: "12 of 100 calls dropped" }];

const alarmBeforeTheFirstFlip: Cause = ({ world }) => {
  world.cloudWatch.setAlarm(ALARM, FIRES);
  return { ends: "refused", reasons: FIRED };
};

const overridden: Cause = ({ world, event }) => {
  world.cloudWatch.setAlarm(ALARM, FIRES);
  Object.assign(event, { override: { reason: "this release mends it" } });
  return { ends: "succeeded", overridden: [ALARM] };
};

const alarmBeforeItsFirstBatch: Cause = ({ world, plan }, wave) => {
  world.cloudWatch.changeLater(ALARM, { atCall: callBefore(plan, wave) }, FIRES);
  return { ends: "at a gate", wave, reasons: FIRED, before: true };
};

const alarmWhileItFlips: Cause = ({ world, plan }, wave) => {
  const n = countBefore(plan, wave) + 1;
  atFlip(world, { flag: false, n }, () => world.cloudWatch.setAlarm(ALARM, FIRES));
  return { ends: "at a gate", wave, reasons: FIRED };
};

/** OK a minute later. */
const alarmInItsBake: Cause = ({ world, plan }, wave) => {
  const atCall = callBefore(plan, wave) + 1 + Math.ceil(countLooks(getWave(plan, wave)) / 2);
  world.cloudWatch.changeLater(ALARM, { atCall }, FIRES);
  world.cloudWatch.changeLater(ALARM, { atCall: atCall + 1 }, { state: "OK" });
  return { ends: "at a gate", wave, reasons: FIRED };
};

/** The gate has passed the wave by then: the next one is stopped before its first flip. */
const alarmAfterItsLastLook: Cause = ({ world, plan }, wave) => {
  const atCall = callBefore(plan, wave) + countLooks(getWave(plan, wave)) + 2;
  world.cloudWatch.changeLater(ALARM, { atCall }, FIRES);
  return { ends: "at a gate", wave: wave + 1, reasons: FIRED, before: true };
};

/** So many of the wave's customers are deleted while the rollout runs; they exceed the wave's limit, if one is given. */
const failures =
  (failed: number, failureBudget: number | string, allowed?: number): Cause =>
  ({ world, plan, policy, deleted }, wave) => {
    const { from, customers: size } = getWave(plan, wave);
    if (size < failed) throw new Error(`wave ${wave} has only ${size} customers`);
    Object.assign(policy, { failureBudget });
    atFlip(world, { flag: false, n: countBefore(plan, wave) + 1 }, async () => {
      const { customers } = await openLedger(world).getBatch("night", from);
      for (const { id } of customers.slice(-failed)) {
        deleted.add(id);
        world.emulator.removeCustomer(id);
      }
    });
    if (allowed === undefined) return { ends: "partial", failed };
    const reasons = [{ code: "failure-budget", failed, allowed, planned: size, wave }];
    return { ends: "at a gate", wave, reasons, failed };
  };

const TOO_LONG = { code: "no-data", seconds: 240, allowedSeconds: 180 };
const BLINDNESS = {
  "has no data": [TOO_LONG, { code: "alarm", alarm: ALARM, state: "INSUFFICIENT_DATA" }],
  "is missing": [TOO_LONG, { code: "alarm", alarm: ALARM, state: "missing" }],
  "cannot be read": [TOO_LONG, { code: "alarm", alarm: ALARM, state: "unreadable" }],
} as const;
type Blindness = keyof typeof BLINDNESS;

/** Nothing is to be seen for so many looks in a row, from one call on. */
function blind({ world: { cloudWatch } }: Scene, kind: Blindness, from: { atCall: number; looks: number }): void {
  const { atCall, looks } = from;
  if (kind === "cannot be read") {
    cloudWatch.denyLater(atCall, looks);
  } else {
    cloudWatch.changeLater(ALARM, { atCall }, { state: kind === "is missing" ? "missing" : "INSUFFICIENT_DATA" });
    cloudWatch.changeLater(ALARM, { atCall: atCall + looks }, { state: "OK" });
  }
}

/** How many looks without data are allowed: for 3 minutes since the last look with some, or since the first of all. */
const ALLOWED = { inABake: 3, atTheFirstLook: 4 } as const;

const blindBeforeTheFirstFlip =
  (kind: Blindness, more: 0 | 1): Cause =>
  (scene) => {
    blind(scene, kind, { atCall: 1, looks: ALLOWED.atTheFirstLook + more });
    return more === 0 ? { ends: "succeeded" } : { ends: "refused", reasons: BLINDNESS[kind] };
  };

const blindInItsBake =
  (kind: Blindness, more: 0 | 1): Cause =>
  (scene, wave) => {
    blind(scene, kind, { atCall: callBefore(scene.plan, wave) + 3, looks: ALLOWED.inABake + more });
    return more === 0 ? { ends: "succeeded" } : { ends: "at a gate", wave, reasons: BLINDNESS[kind] };
  };

/** What each snapshot decides is in unit/lambda/core/gate/evaluate-gate.test.ts; here the whole rollout keeps to it. */
describe("a canary of 10 % for 5 minutes meets, by the end of its first wave,", () => {
  test.each<[string, Cause]>([
    ["an alarm before the first flip", alarmBeforeTheFirstFlip],
    ["an alarm before the first flip, overridden", overridden],
    ["an alarm that has no data before the first flip, as long as it may", blindBeforeTheFirstFlip("has no data", 0)],
    ["an alarm that is missing before the first flip, a poll longer", blindBeforeTheFirstFlip("is missing", 1)],
    ["an alarm before its first batch", alarmBeforeItsFirstBatch],
    ["an alarm while it flips", alarmWhileItFlips],
    ["an alarm in the middle of its bake, which is OK a minute later", alarmInItsBake],
    ["an alarm after its last poll", alarmAfterItsLastLook],
    ["an alarm that has no data in its bake, as long as it may", blindInItsBake("has no data", 0)],
    ["alarms that cannot be read in its bake, a poll longer", blindInItsBake("cannot be read", 1)],
    // Of 4 customers, which count as the smallest sample of 20.
    ["as many failures as its share of the budget", failures(1, "5%")],
    ["more failures than its share, and as many as the rollout's", failures(2, "5%", 1)],
  ])("%s", (_name, cause) => runRow({ onFailure: "rollback", wave: 1 }, cause));
});

describe("a canary that halts on failure meets, in its last wave of 36 customers,", () => {
  test.each<[string, Cause]>([
    ["an alarm while it flips", alarmWhileItFlips],
    ["one failure more than its share of the budget", failures(2, "5%", 1)],
  ])("%s", (_name, cause) => runRow({ onFailure: "halt", wave: 2 }, cause));
});
