import { expect } from "@jest/globals";
import type { Report } from "../../lambda/core/report/report.ts";
import { startEventBridge } from "../../local/aws/event-bridge.ts";
import { type DynamoDbProxy, startDynamoDbProxy } from "../support/dynamodb-proxy.ts";
import { createKilledWorker, type KilledWorker } from "../support/killed-worker.ts";
import { expectNoSecrets, startWorld, type World } from "../support/world.ts";
import { type End, type Ended, readEnd, withoutUnattempted } from "./crash-end.ts";
import type { Scene, Trap } from "./crash-scenario.ts";

/** How many customers each wave has; who is left is never come to. */
export const WAVES = [5, 7, 9] as const;
/** The customer that vanishes, in the order of the flips: the fourth of the third wave. */
export const BAD = WAVES[0] + WAVES[1] + 4;

/**
 * Three waves with bakes, and a rest that is never come to. In the third wave a customer vanishes when its turn comes:
 * one failure too many, and everything is turned back. One flip at a time, so that it is the same one in every run.
 */
const PROMOTE = {
  action: "promote",
  release: "2026.11",
  id: "night",
  targets: { all: true },
  strategy: {
    waves: [...WAVES.map((customers) => ({ customers, bakeMinutes: 2 })), { rest: true }],
  },
} as const;
const UNDO = {
  action: "rollback",
  rolloutId: PROMOTE.id,
  id: "rollback",
  requestedBy: "ann",
  reason: "calls drop",
} as const;
const CUSTOMERS = { customers: 60, stagingShare: 0.6 } as const;
const ALARM = "calls-drop";
const POLICY = { concurrency: 1, failureBudget: 0, alarms: [ALARM] } as const;
const BUS = "deployments";
const POST = "SetCustomerStagingMode";

/** Where a run may be killed, counted in one that was not. */
export interface Places {
  readonly checkpoints: number;
  /** What each write to the ledger is about, in order. */
  readonly writes: readonly string[];
  /** Requests that flip, there and back. */
  readonly posts: number;
}

export interface Crash {
  /** `before:N` or `after:N` a write to the checkpoints. */
  readonly death?: string;
  readonly trap?: Trap;
}

type Stage = Scene & Ended;

/** A rollout that nobody kills: how it ends, and where it may be killed. */
export function runUnharmed(): Promise<{ readonly end: End; readonly places: Places }> {
  return onStage(async (stage) => {
    const writes = listWrites(stage);
    const end = await readEnd(stage, (await stage.worker.run()) as Report);
    return { end, places: { checkpoints: stage.worker.countWrites(), writes, posts: sum(stage.posts.values()) } };
  });
}

/** Kills the worker for real and resumes it in a new process. */
export function runKilled(crash: Crash): Promise<End> {
  return onStage(async (stage) => {
    const report = (await runUntilKilled(stage, crash)) ?? (await stage.worker.run());
    return readEnd(stage, report as Report);
  });
}

/** Kills process after process at its n-th write of a batch to the ledger, until one lives to its end. */
export function runKilledAgain(n: number): Promise<{ readonly end: End; readonly deaths: number }> {
  return onStage(async (stage) => {
    let deaths = 0;
    let report: Report | undefined;
    for (; report === undefined; deaths += report === undefined ? 1 : 0) {
      atWrite(n, "done", "batch")(stage);
      report = await stage.worker.run();
    }
    return { end: await readEnd(stage, report), deaths };
  });
}

/** How often two checkpoints that follow each other at once are written as one is a matter of time. */
const WRITTEN_TOGETHER = 2;

/** @throws when it lived on, though the place where it should have died was there */
async function runUntilKilled({ worker, ...stage }: Stage, { death, trap }: Crash): Promise<Report | undefined> {
  trap?.({ worker, ...stage });
  const report = await worker.run(death);
  if (report === undefined) return undefined;
  const n = Number(death?.split(":")[1]);
  expect(worker.countWrites()).toBeLessThan(n);
  expect(worker.countWrites()).toBeGreaterThanOrEqual(n - WRITTEN_TOGETHER);
  return report;
}

export interface Abandoned {
  readonly end: End;
  /** Of the rollback. */
  readonly undone: Report;
}

/**
 * Kills the worker for good while it turns back; another execution turns back the rest, by the ledger alone. `again`
 * kills that one too, and a second process goes on with it.
 */
export function runAbandoned(crash: Crash, again?: Trap): Promise<Abandoned> {
  return onStage(async (stage) => {
    const { world, ledger, worker } = stage;
    expect(await runUntilKilled(stage, crash)).toBeUndefined();
    world.executions.ended(worker.executionArn, "STOPPED");
    const environment = toOutside(stage);
    const rollBackSource = createKilledWorker(world, UNDO, { name: "rollback", dynamodb: ledger.address, environment });
    try {
      again?.({ world, ledger, worker: rollBackSource, kill: toKill(ledger, rollBackSource) });
      const first = await rollBackSource.run();
      expect(first === undefined).toBe(again !== undefined);
      const undone = (first ?? (await rollBackSource.run())) as Report;
      return { end: await readEnd(stage, undone), undone };
    } finally {
      await rollBackSource.kill();
      rollBackSource.close();
    }
  });
}

/** As if nobody had killed the first execution and it had turned everything back itself; only its last words are missing. */
export function expectTurnedBack(end: End, { end: abandoned, undone }: Abandoned): void {
  expect(undone).toMatchObject({
    status: "rolled-back",
    of: [PROMOTE.id],
    rollback: { restored: BAD - 2, conflicting: 1, failed: 0 },
  });
  expect(withoutUnattempted(abandoned)).toEqual(withoutUnattempted(end));
  expect(abandoned.lock).toBeUndefined();
  expect(abandoned.holds).toMatchObject([{ release: PROMOTE.release, action: PROMOTE.action, rolloutId: PROMOTE.id }]);
  const told = abandoned.changes.filter((change) => (change as { rolloutId: string }).rolloutId === PROMOTE.id);
  expect(told).toEqual(end.changes.slice(0, told.length));
}

function toKill(ledger: DynamoDbProxy, worker: KilledWorker): () => Promise<void> {
  return async () => {
    await worker.kill();
    ledger.listener = () => undefined;
  };
}

async function onStage<Result>(play: (stage: Stage) => Promise<Result>): Promise<Result> {
  const world = await startWorld({ ...CUSTOMERS, policy: POLICY });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  const bus = await startEventBridge();
  const ledger = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  const worker = createKilledWorker(world, PROMOTE, { dynamodb: ledger.address, environment: toOutside({ bus }) });
  const posts = turnBad(world);
  try {
    const result = await play({
      world,
      ledger,
      worker,
      kill: toKill(ledger, worker),
      bus,
      posts,
      rolloutId: PROMOTE.id,
    });
    expectNoSecrets(worker.written() + JSON.stringify(bus.events()), world.emulator);
    return result;
  } finally {
    await worker.kill();
    worker.close();
    await Promise.all([ledger.close(), bus.close()]);
    await world.close();
  }
}

function toOutside({ bus }: Pick<Stage, "bus">): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL_EVENTBRIDGE: bus.address, CUTOVER_EVENT_BUS: BUS };
}

/** When the bad one is about to be flipped it vanishes, and somebody moves the first one back. */
function turnBad({ emulator }: World): ReadonlyMap<string, number> {
  const posts = new Map<string, number>();
  emulator.onRequest(({ operation, phase, customerId = "" }) => {
    if (operation !== POST || phase !== "arrived") return;
    const isFirst = !posts.has(customerId);
    posts.set(customerId, (posts.get(customerId) ?? 0) + 1);
    if (!isFirst || posts.size !== BAD) return;
    const [moved = ""] = posts.keys();
    emulator.setStaging(moved, true);
    emulator.removeCustomer(customerId);
  });
  return posts;
}

function listWrites({ ledger }: Stage): readonly string[] {
  const writes: string[] = [];
  ledger.listener = ({ operation, body, phase }) => {
    if (phase === "arrived" && isWrite(operation)) writes.push(describeWrite(body));
    return undefined;
  };
  return writes;
}

function isWrite(operation: string): boolean {
  return operation === "PutItem" || operation === "UpdateItem";
}

/** The kind of item, with its number; a batch is planned once, and written again when it is worked on. */
function describeWrite(body: string): string {
  const { Key, Item } = JSON.parse(body) as Record<
    "Key" | "Item",
    { readonly sk?: { readonly S: string } } | undefined
  >;
  const [kind = "", number = ""] = ((Key ?? Item)?.sk?.S ?? "").split("#");
  if (kind === "control") return "control";
  if (kind === "batch" && Item !== undefined) return `planned batch ${Number(number)}`;
  return /^\d+$/.test(number) ? `${kind} ${Number(number)}` : `${kind} ${number}`.trim();
}

/** At the n-th write to the ledger, or the n-th about something, before it is done or after it, when its reply is lost. */
export function atWrite(n: number, phase: "arrived" | "done", about = ""): Trap {
  return ({ ledger, kill }) => {
    let seen = 0;
    ledger.listener = async (request) => {
      if (!isWrite(request.operation) || request.phase !== phase) return undefined;
      if (!describeWrite(request.body).startsWith(about)) return undefined;
      seen += 1;
      if (seen !== n) return undefined;
      await kill();
      return "lose";
    };
  };
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0);
}
