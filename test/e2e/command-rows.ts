import type { ControlChange } from "../../lambda/core/controls.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import { execute } from "../support/execute.ts";
import { expect } from "../support/jest.ts";
import { type Look, type Moments, type Sent, type Stage, watchMoments } from "../support/moments.ts";
import { type Executed, toArn } from "../support/run-handler.ts";
import { rememberFlags } from "../support/truth.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";

/** Twenty first, with a bake, then 150 and 20 more in two batches: all of them are on staging. */
const CUSTOMERS = { customers: 190, stagingShare: 1 } as const;
const STRATEGY = { waves: [{ customers: 20, bakeMinutes: 5 }, { rest: true }] } as const;
const PROMOTE = {
  ...{ action: "promote", release: "2026.11", targets: { all: true }, id: "night", strategy: STRATEGY },
  ...{ onBusy: "wait", notAfter: "2099-01-01T00:00:00Z" },
} as const;

/** What a rollout is doing when a command comes. */
export const STATES = {
  "looks up": { reach: "lookup" },
  flips: { reach: "flip", flag: false, n: 23 },
  bakes: { reach: "look", stage: "baking 1", n: 3 },
  "is paused between two batches": { reach: "look", stage: "flipping", n: 6, paused: true },
  "waits for the lock": { reach: "wait" },
  "flips back": { reach: "flip", flag: true, n: 3, abortedFirst: true },
} as const satisfies Readonly<Record<string, Reach>>;
export type State = keyof typeof STATES;

type Reach = {
  /** The pause that it is in is of an hour. */
  readonly paused?: boolean;
  readonly abortedFirst?: boolean;
} & (
  | { readonly reach: "lookup" | "wait" }
  | { readonly reach: "look"; readonly stage: Stage; readonly n: number }
  | { readonly reach: "flip"; readonly flag: boolean; readonly n: number }
);

export interface Scene {
  readonly world: World;
  readonly moments: Moments;
  readonly before: ReadonlyMap<string, boolean>;
}

export interface Ended extends Scene {
  readonly executed: Executed;
  readonly report: Report;
  /** How many looks at controls and commands there were in this stage, the time that it had most of them. */
  countLooks(stage: Stage): number;
}

export const STAND = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" } as const;

export type Act = (scene: Scene) => Promise<void>;

export const say =
  (command: Sent): Act =>
  ({ moments }) =>
    moments.send(command);

export const stopEverything = holdFlips({ change: "stop-everything" }, { change: "resume-everything" });

const until = new Date(Date.now() + 3_600_000).toISOString();
export const freezeAtOnce = holdFlips(
  { change: "freeze", name: "fair", until },
  { change: "lift-freeze", name: "fair" },
);

/** A control that holds flips, until the fourth look after it; from the second look on no customer may be flipped. */
function holdFlips(begin: object, end: object): Act {
  return async ({ world, moments }) => {
    const { ledger } = moments;
    const by = { ...STAND, at: new Date().toISOString() };
    await ledger.changeControls({ ...by, ...begin } as ControlChange);
    let looks = 0;
    let posts: number | undefined;
    moments.onLook(async () => {
      looks += 1;
      if (looks === 2) posts = countPosts(world);
      if (looks !== 4) return;
      expect(countPosts(world)).toBe(posts);
      await ledger.changeControls({ ...by, ...end } as ControlChange);
    });
  };
}

export function countPosts({ emulator }: World): number {
  return emulator.stats().requests.SetCustomerStagingMode ?? 0;
}

/** Runs a promote of 190 customers, does this once it is in that state, and sees that nothing is left open at its end. */
export async function runInState(state: State, act: Act, check: (ended: Ended) => void | Promise<void>): Promise<void> {
  const world = await startWorld(CUSTOMERS);
  const moments = await watchMoments(world);
  try {
    const before = rememberFlags(world);
    const scene = { world, moments, before };
    const looks = new Map<Stage, number>();
    moments.onLook(({ stage, n }) => void looks.set(stage, Math.max(n, looks.get(stage) ?? 0)));
    moments.onLook((look) => awaitBatchUnderWay(world, look));
    await prepare(scene, STATES[state], act);
    const executed = await execute(world, PROMOTE, { name: "night" });
    const { report } = executed;
    if (report === undefined) throw new Error(`the execution failed: ${executed.error}`);
    await expectClosed(scene, report);
    await check({ ...scene, executed, report, countLooks: (stage) => looks.get(stage) ?? 0 });
  } finally {
    await moments.close().finally(() => world.close());
  }
}

/** The look before a batch may come while the one before it still flips: that one is done first, so that the counts are exact. */
async function awaitBatchUnderWay(world: World, { stage, n }: Look): Promise<void> {
  const isBetweenBatches = (stage === "flipping" || stage === "rolling back") && (n === 2 || n === 3);
  let posts = -1;
  for (let still = 0; isBetweenBatches && still < 5; still = posts === countPosts(world) ? still + 1 : 0) {
    posts = countPosts(world);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

async function prepare(scene: Scene, reach: Reach, act: Act): Promise<void> {
  const { world, moments } = scene;
  const { emulator } = world;
  const pause = () => moments.send({ command: "pause", pauseSeconds: 3_600 });
  if (reach.paused) moments.atFlip(false, 23, pause);
  if (reach.abortedFirst) moments.atFlip(false, 23, () => moments.send({ command: "abort", rollback: true }));
  switch (reach.reach) {
    case "lookup": {
      const off = emulator.onRequest(async ({ operation, phase }) => {
        if (operation !== "ListCustomers" || phase !== "arrived") return;
        off();
        await act(scene);
      });
      return;
    }
    case "look":
      moments.onLook(once(reach, () => act(scene)));
      return;
    case "flip":
      moments.atFlip(reach.flag, reach.n, () => act(scene));
      return;
    case "wait":
      return holdLock(scene, act);
  }
}

/** Another rollout has the lock. It gives the lock back at the third ask, or long after an abort was to end the wait. */
async function holdLock(scene: Scene, act: Act): Promise<void> {
  const { world, moments } = scene;
  const { ledger } = moments;
  const lock = { rolloutId: "noon", execution: toArn("noon"), fence: 1, fingerprint: "", settleSeconds: 6 };
  world.executions.running(lock.execution);
  await ledger.takeLock(lock, await ledger.readControls());
  let asked = 0;
  moments.onLook(async ({ stage }) => {
    if (stage !== "preparing") return;
    asked += 1;
    if (asked === 2) await act(scene);
    const { commands } = await ledger.readGateInputs("night");
    if (asked === (commands.some(({ command }) => command === "abort") ? 20 : 3)) await ledger.releaseLock(lock);
  });
}

export function once({ stage, n }: Look, act: () => Promise<void> | void): (look: Look) => Promise<void> {
  let done = false;
  return async (look) => {
    if (done || look.stage !== stage || look.n !== n) return;
    done = true;
    await act();
  };
}

/** How many were flipped by then, or by the end of the batch under way. */
const FLIPPED: Readonly<Partial<Record<State, number>>> = {
  flips: 170,
  bakes: 20,
  "is paused between two batches": 170,
};

const ABORTED = { code: "aborted", by: "ann", why: "calls drop" };

/** Aborted before the first customer was restored. */
export async function expectAborted(state: State, ended: Ended, decision: "roll back" | "halt"): Promise<void> {
  const { report, world, moments, before } = ended;
  const flipped = FLIPPED[state] ?? 0;
  const isBack = decision === "roll back" && flipped > 0;
  expect(report).toMatchObject({
    status: isBack ? "rolled-back" : "aborted",
    problems: [state === "waits for the lock" ? { ...ABORTED, code: "aborted-while-waiting" } : ABORTED],
    counts: { flipped, skipped: flipped === 0 ? 0 : 190 - flipped, failed: 0 },
  });
  expect(report.rollback).toEqual(isBack ? { restored: flipped, conflicting: 0, failed: 0 } : undefined);
  if (isBack || flipped === 0) expect(rememberFlags(world)).toEqual(before);
  if (flipped === 0) expect(countPosts(world)).toBe(0);
  else expect(report.waves?.at(-1)).toMatchObject({ decision, reasons: [{ code: "aborted", by: "ann" }] });
  expect(Object.keys((await moments.ledger.readControls()).holds)).toEqual(isBack ? ["2026.11"] : []);
}

/** After every end the lock is free, and once flips began each customer has one outcome, which its flag confirms. */
async function expectClosed({ world, moments, before }: Scene, report: Report): Promise<void> {
  const { lock } = await moments.ledger.readControls();
  expect(lock?.rolloutId).not.toBe("night");
  const outcomes = await readOutcomes(world, "night");
  const { emulator } = world;
  const flipped = [...outcomes].filter(([, { outcome }]) => outcome === "flipped").length;
  const moved = [...emulator.customers()].filter(({ id, isStaging }) => isStaging !== before.get(id));
  const restored = report.rollback?.restored ?? 0;
  expect(report.counts.flipped).toBe(flipped);
  expect(moved).toHaveLength(flipped - restored);
  for (const { id } of moved) expect(outcomes.get(id)?.outcome).toBe("flipped");
  if (flipped === 0) return;
  const ours = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
  expect([...outcomes.keys()].sort()).toEqual(ours.map(({ id }) => id).sort());
}
