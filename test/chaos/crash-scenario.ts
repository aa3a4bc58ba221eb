import type { Report } from "../../lambda/core/report/report.ts";
import { startEventBridge } from "../../local/aws/event-bridge.ts";
import { type DynamoDbProxy, startDynamoDbProxy } from "../support/dynamodb-proxy.ts";
import { expect } from "../support/jest.ts";
import { createKilledWorker, type KilledWorker } from "../support/killed-worker.ts";
import { expectNoSecrets, startWorld, type World } from "../support/world.ts";
import { type End, type Ended, readEnd, withoutUnattempted } from "./crash-end.ts";

/** What is played until something kills the worker. */
export interface Play {
  readonly event: { readonly id: string };
  readonly customers: { readonly customers: number; readonly stagingShare: number };
  readonly policy: Readonly<Record<string, unknown>>;
  /** What goes wrong while it flips; gives how often each customer was asked to be flipped. */
  watchPosts(world: World): ReadonlyMap<string, number>;
}

interface Scene {
  readonly world: World;
  readonly ledger: DynamoDbProxy;
  readonly worker: KilledWorker;
  /** Kills the worker, and keeps what the ledger held at that moment. */
  kill(): Promise<void>;
}

/** Sees to it that the worker is killed at some moment. */
export type Trap = (scene: Scene) => void;

const POST = "SetCustomerStagingMode";

/** Two batches, flipped 16 at a time; some customers are right already, some are protected. */
export const TWO_BATCHES: Play = {
  event: { action: "promote", release: "2026.11", id: "night", targets: { all: true } } as { readonly id: string },
  customers: { customers: 250, stagingShare: 0.9 },
  policy: { protected: { tags: ["vip"] } },
  watchPosts: ({ emulator }) => {
    const posts = new Map<string, number>();
    emulator.onRequest(({ operation, phase, customerId = "" }) => {
      if (operation === POST && phase === "arrived") posts.set(customerId, (posts.get(customerId) ?? 0) + 1);
    });
    return posts;
  },
};

/** How many customers each wave has; the customers that are left are never reached. */
export const WAVES = [5, 7, 9] as const;
/** The customer that vanishes, in the order of the flips: the fourth of the third wave. */
export const BAD = WAVES[0] + WAVES[1] + 4;

/**
 * Three waves with bakes, and a rest that is never reached. In the third wave a customer vanishes when its turn comes: one
 * failure too many, and the rollout is rolled back. One flip at a time, so that each run is the same.
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
const ALARM = "calls-drop";
const BUS = "deployments";

export const THREE_WAVES: Play = {
  event: PROMOTE,
  customers: { customers: 60, stagingShare: 0.6 },
  policy: { concurrency: 1, failureBudget: 0, alarms: [ALARM] },
  watchPosts: turnBad,
};

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

export interface Unharmed {
  readonly end: End;
  readonly places: Places;
}

/** A rollout that is not killed: how it ends, and where it may be killed. */
export function runUnharmed(play: Play): Promise<Unharmed> {
  return onStage(play, async (stage) => {
    const writes = listWrites(stage);
    const end = await readEnd(stage, (await stage.worker.run()) as Report);
    return { end, places: { checkpoints: stage.worker.countWrites(), writes, posts: sum(stage.posts.values()) } };
  });
}

/** Kills the worker for real and resumes it in a new process. */
export function runKilled(play: Play, crash: Crash): Promise<End> {
  return onStage(play, async (stage) => {
    const report = (await runUntilKilled(stage, crash)) ?? (await stage.worker.run());
    return readEnd(stage, report as Report);
  });
}

/** Kills process after process, each as the crash of its number says, until one lives to its end. */
export function runThroughDeaths(
  play: Play,
  crashOf: (n: number) => Crash,
): Promise<{ readonly end: End; readonly deaths: number }> {
  return onStage(play, async (stage) => {
    let deaths = 0;
    let report: Report | undefined;
    for (; report === undefined; deaths += report === undefined ? 1 : 0) {
      const { death, trap } = crashOf(deaths + 1);
      trap?.(stage);
      report = await stage.worker.run(death);
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
 * Kills the worker for good while it rolls back; another execution restores the rest, by the ledger alone. `again` kills
 * that one too, and a second process continues.
 */
export function runAbandoned(crash: Crash, again?: Trap): Promise<Abandoned> {
  return onStage(THREE_WAVES, async (stage) => {
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

/** As if the first execution had lived and rolled back itself; only its last words are missing. */
export function expectRolledBack(end: End, { end: abandoned, undone }: Abandoned): void {
  expect(undone).toMatchObject({
    status: "rolled-back",
    of: [PROMOTE.id],
    rollback: { restored: BAD - 1, conflicting: 0, failed: 0 },
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

async function onStage<Result>(
  { event, customers, policy, watchPosts }: Play,
  body: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const world = await startWorld({ ...customers, policy });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  const bus = await startEventBridge();
  const ledger = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  const worker = createKilledWorker(world, event, { dynamodb: ledger.address, environment: toOutside({ bus }) });
  const posts = watchPosts(world);
  try {
    const kill = toKill(ledger, worker);
    const result = await body({ world, ledger, worker, kill, bus, posts, rolloutId: event.id });
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

/** When the bad customer is about to be flipped it vanishes, and another system moves the first one back. */
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

/** At the n-th flip: when it has arrived, is written but not answered, is answered but not recorded. */
export function atPost(n: number, phase: "arrived" | "written" | "answered"): Trap {
  return ({ world, kill }) => {
    let seen = 0;
    world.emulator.onRequest(async (request) => {
      if (request.operation !== POST || request.phase !== phase) return;
      seen += 1;
      if (seen === n) await kill();
    });
  };
}

/** The n-th flip is on its way, and reaches Evo Voice's database only when the resumed worker has sent it again. */
export function atSlowPost(n: number): Trap {
  return ({ world, kill }) => {
    let seen = 0;
    let slow: string | undefined;
    let sentAgain = () => {};
    world.emulator.onRequest(async ({ operation, phase, customerId }) => {
      if (operation !== POST || phase !== "arrived") return;
      seen += 1;
      if (seen > n && customerId === slow) sentAgain();
      if (seen !== n) return;
      slow = customerId;
      await kill();
      await new Promise<void>((resolve) => {
        sentAgain = resolve;
      });
    });
  };
}

/** At a batch's write of what is intended, or of what came of it. */
export function atBatchWrite(batch: number, what: "intended" | "came of it", phase: "arrived" | "done"): Trap {
  const n = what === "intended" ? 1 : 2;
  const sk = `batch#${String(batch).padStart(8, "0")}`;
  return ({ ledger, kill }) => {
    let seen = 0;
    ledger.listener = async (request) => {
      const isWrite = request.operation === "UpdateItem" && request.body.includes(sk) && request.phase === phase;
      seen += isWrite ? 1 : 0;
      if (!isWrite || seen !== n) return undefined;
      await kill();
      return "lose";
    };
  };
}

/** After the n-th reading of a batch from the ledger, when its customers are read next. */
export function atReading(n: number): Trap {
  return ({ world, ledger, kill }) => {
    const isSet = { yet: false };
    let read = 0;
    ledger.listener = ({ operation, body, phase }) => {
      if (operation !== "GetItem" || !body.includes("batch#") || phase !== "arrived") return undefined;
      read += 1;
      isSet.yet = read === n;
      return undefined;
    };
    world.emulator.onRequest(async ({ operation, phase }) => {
      if (!isSet.yet || operation !== "ListCustomers" || phase !== "arrived") return;
      isSet.yet = false;
      await kill();
    });
  };
}
