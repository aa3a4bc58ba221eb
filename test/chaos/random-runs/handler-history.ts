import fc from "fast-check";
import type { Outcome } from "../../../lambda/core/flip/outcome.ts";
import type { CommandRecord } from "../../../lambda/core/gate/apply-commands.ts";
import type { Report } from "../../../lambda/core/report/report.ts";
import type { RolloutRecord } from "../../../lambda/core/rollout-record.ts";
import { startDynamoDbProxy } from "../../support/dynamodb-proxy.ts";
import { execute } from "../../support/execute.ts";
import { createKilledWorker, type KilledWorker } from "../../support/killed-worker.ts";
import { openLedger } from "../../support/ledger.ts";
import { startWorld, type World } from "../../support/world.ts";
import { checkReport, type Truth } from "./expect-no-lies.ts";
import { hasFlipped } from "./has-flipped.ts";
import {
  type EventPlan,
  eventPlan,
  type Happening,
  happening,
  type Order,
  order,
  pick,
  toEvent,
} from "./history-commands.ts";
import type { Write } from "./witness.ts";

/** What happens, each so many requests to the ledger after the one before; at once when nothing asks any more. */
interface Moment {
  readonly afterRequests: number;
  readonly given: Possible;
}

/** What a reading or a reply hides, until all has ended. A late write could not be told from that of another system here. */
const FAULTS = ["", "", "read-lag=2000", "done-but=409", "apply-silently-not=10%"] as const;

export interface HandlerHistory {
  readonly seed: number;
  readonly faults: (typeof FAULTS)[number];
  readonly first: EventPlan;
  readonly moments: readonly Moment[];
}

type Possible = Order | Extract<Happening, { readonly kind: "starts" | "another system" | "alarm" | "dies" }>;

/** What a stand-in cannot do is not asked of it: a process that is killed is gone. */
function isPossible(given: Happening): given is Possible {
  if (given.kind === "dies") return given.how !== "zombie";
  return !["goes on", "mishap", "outage", "time passes", "alarm passes", "is overtaken"].includes(given.kind);
}

export const handlerHistories: fc.Arbitrary<HandlerHistory> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000 }),
  faults: fc.constantFrom(...FAULTS),
  first: eventPlan.map((plan) => ({ ...plan, targets: [], dryRun: false, action: "promote" as const })),
  moments: fc.array(
    fc.record({ afterRequests: fc.integer({ min: 1, max: 20 }), given: happening.filter(isPossible) }),
    { minLength: 5, maxLength: 12 },
  ),
});

const ALARM = "calls-drop";
const POST = "SetCustomerStagingMode";

interface Started {
  readonly name: string;
  readonly event: object;
  readonly worker: KilledWorker;
  readonly ended: Promise<void>;
  isRunning: boolean;
  isGone: boolean;
  report?: Report | undefined;
  error?: string;
}

export interface Played {
  /** What must not have happened. */
  readonly lies: readonly string[];
  /** How the rollouts ended. */
  readonly ends: readonly string[];
}

/** Plays a history through the shipped handler, in processes that are killed for real. */
export async function playThroughHandler({ seed, faults, first, moments }: HandlerHistory): Promise<Played> {
  const world = await startWorld({
    customers: 24,
    stagingShare: 0.6,
    seed,
    policy: {
      alarms: [ALARM],
      failureBudget: 1,
      cohorts: { canary: { tags: ["vip"] } },
      // A request waits while the witness reads the ledger. One that is given up arrives when its batch is over.
      retries: { requestTimeoutMs: 60_000, mostBackoffMs: 20 },
    },
  });
  world.cloudWatch.setAlarm(ALARM, { state: "OK" });
  world.emulator.setFaults(faults);
  const proxy = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  const truth = watch(world);
  const started: Started[] = [];
  const start = (event: object) => void started.push(startExecution(world, proxy.address, event, started.length));
  const upcoming = [...moments, ...EPILOGUE];
  let requests = 0;
  let acting = Promise.resolve();
  const actNext = () => {
    const [next] = upcoming.splice(0, 1);
    requests = 0;
    acting = acting.then(() => (next === undefined ? undefined : act({ world, truth, started, start }, next.given)));
    return acting;
  };
  proxy.listener = async ({ phase }) => {
    requests += phase === "arrived" ? 1 : 0;
    if (requests >= (upcoming[0]?.afterRequests ?? Number.POSITIVE_INFINITY)) await actNext();
    return undefined;
  };
  try {
    start(toEvent(toScene(world, started), first));
    for (let seen = 0; seen < started.length || upcoming.length > 0; ) {
      if (seen === started.length) await actNext();
      else await started[seen]?.ended;
      if (seen < started.length && started[seen]?.isRunning === false) seen += 1;
    }
    await acting;
    for (const { name, report, error, worker } of started) {
      if (error !== undefined) truth.witness.lies.push(`${name} failed: ${error}`);
      if (report !== undefined) await checkReport(truth, report, worker.journal().operations.includes("begin-flips"));
    }
    world.emulator.setFaults("");
    await turnAllBack(world, truth, started);
    return { lies: truth.witness.lies, ends: started.map(({ report }) => report?.status ?? "gone") };
  } finally {
    for (const { worker } of started) {
      await worker.kill();
      worker.close();
    }
    await proxy.close();
    await world.close();
  }
}

/** In the end nothing stands in the way of anybody. */
const EPILOGUE: readonly Moment[] = [
  { afterRequests: 60, given: { kind: "alarm", state: "OK" } },
  { afterRequests: 1, given: { kind: "resume everything" } },
];

function startExecution(world: World, dynamodb: string, event: object, index: number): Started {
  const name = `execution-${index}`;
  const worker = createKilledWorker(world, event, { name, dynamodb });
  const run = async () => {
    while (execution.report === undefined && !execution.isGone) execution.report = await worker.run();
  };
  const execution: Started = { name, event, worker, isRunning: true, isGone: false, ended: Promise.resolve() };
  const ended = run()
    .catch((error: Error) => {
      execution.error = error.message;
    })
    .finally(() => {
      execution.isRunning = false;
    });
  return Object.assign(execution, { ended });
}

interface Stage {
  readonly world: World;
  readonly truth: HandlerTruth;
  readonly started: readonly Started[];
  start(event: object): void;
}

async function act({ world, truth, started, start }: Stage, given: Possible): Promise<void> {
  const scene = toScene(world, started);
  const running = started.filter(({ isRunning }) => isRunning);
  switch (given.kind) {
    case "starts":
      return start(toEvent(scene, given.event));
    case "another system":
      return truth.setFlag(scene.customerIds[given.customer] ?? "", given.flag);
    case "alarm": {
      const state = given.state === "unreadable" ? "missing" : given.state;
      return world.cloudWatch.setAlarm(ALARM, { state });
    }
    case "dies":
      return die(world, pick(running, given.which), given.how === "for good");
    default:
      return order(truth.ledger, given, scene, running);
  }
}

async function die({ executions }: World, execution: Started | undefined, forGood: boolean): Promise<void> {
  if (execution === undefined) return;
  execution.isGone = forGood;
  await execution.worker.kill();
  if (forGood) executions.ended(execution.worker.executionArn, "STOPPED");
}

function toScene(world: World, executions: readonly Started[]) {
  const customers = [...world.emulator.customers()].filter(({ accountId }) => accountId === world.emulator.accountId);
  return { executions, nowMs: Date.now(), customerIds: customers.map(({ id }) => id) };
}

interface HandlerTruth extends Truth {
  setFlag(customerId: string, flag: boolean): void;
}

/** Sees every flip that arrives, and in whose name. */
function watch(world: World): HandlerTruth {
  const { emulator } = world;
  const ledger = openLedger(world);
  const lies: string[] = [];
  const writes: Write[] = [];
  const everProtected = new Set<string>();
  const aborts = new Map<string, readonly CommandRecord[]>();
  const flagOf = (id: string) => emulator.customer(id)?.isStaging ?? false;
  const writesOf = (id: string) => emulator.customer(id)?.writes ?? 0;
  const unwritten = new Set<string>();
  const arrived = new Map<string, Pick<Write, "rolloutId" | "isUndo" | "was"> & { readonly before: number }>();

  emulator.onRequest(async ({ operation, phase, customerId = "" }) => {
    if (operation !== POST || phase === "answered") return;
    if (phase === "arrived") {
      const was = flagOf(customerId);
      const { lock, protectedIds } = await ledger.readControls();
      for (const id of protectedIds) everProtected.add(id);
      if (lock === undefined) {
        lies.push(`${customerId} was flipped while no rollout had the lock`);
        return;
      }
      const record = await ledger.findRollout(lock.rolloutId);
      const known = record && (await findIn(ledger, record, customerId));
      if (known === undefined) lies.push(`${lock.rolloutId} flipped ${customerId}, which its plan does not hold`);
      aborts.set(lock.rolloutId, (await ledger.readGateInputs(lock.rolloutId)).commands.filter(isAbort));
      const before = writesOf(customerId);
      arrived.set(customerId, { rolloutId: lock.rolloutId, isUndo: known === "rollback", was, before });
      return;
    }
    const request = arrived.get(customerId);
    if (request === undefined) return;
    if (writesOf(customerId) === request.before) {
      unwritten.add(customerId);
      return;
    }
    const { before: _before, ...by } = request;
    writes.push({ at: writes.length, customerId, flag: flagOf(customerId), ...by });
  });

  return {
    ledger,
    accountId: emulator.accountId,
    customers: () => emulator.customers(),
    unwritten,
    witness: { lies, writes, everProtected, abortsOf: (rolloutId) => aborts.get(rolloutId) ?? [] },
    setFlag(customerId, flag) {
      const was = flagOf(customerId);
      if (emulator.customer(customerId) === undefined) return;
      emulator.setStaging(customerId, flag);
      writes.push({ at: writes.length, rolloutId: undefined, customerId, flag, was, isUndo: false });
    },
  };
}

function isAbort({ command }: CommandRecord): boolean {
  return command === "abort";
}

/** Whether a rollout has written down that it is about to flip a customer, or to flip it back. */
async function findIn(
  ledger: Truth["ledger"],
  { rolloutId, event, plan, source }: RolloutRecord,
  customerId: string,
): Promise<"flip" | "rollback" | undefined> {
  const own = [{ rolloutId, batches: plan?.batches ?? 0 }];
  for (const { rolloutId: of, batches } of event.action === "rollback" ? (source?.rollouts ?? []) : own) {
    for (let index = 0; index < batches; index += 1) {
      const { intended, restoring, outcomes, rollback } = await ledger.getBatch(of, index);
      // A verification sends a flag again that a reading did not show.
      const isAgain = ({ customerId: id, reason }: Outcome) => id === customerId && reason.code === "not-applied";
      if (restoring.includes(customerId) || rollback.some(isAgain)) return "rollback";
      if (event.action !== "rollback" && (intended.includes(customerId) || outcomes.some(isAgain))) return "flip";
    }
  }
  return undefined;
}

/** With nothing in the way, each rollout that flipped can be rolled back completely; then no customer is where one put it. */
async function turnAllBack(world: World, truth: HandlerTruth, started: readonly Started[]): Promise<void> {
  for (const { name } of started.toReversed()) {
    const record = await truth.ledger.findRollout(name);
    if (record?.plan === undefined || record.event.dryRun || record.event.action === "rollback") continue;
    const { report, error } = await execute(world, { action: "rollback", rolloutId: name }, { name: `undo-${name}` });
    if (report?.problems?.some(({ code }) => code === "nothing-flipped") && !(await hasFlipped(truth, name))) continue;
    if (report?.rollback?.failed !== 0 || report.problems !== undefined)
      truth.witness.lies.push(`${name} could not be rolled back: ${error ?? JSON.stringify(report)}`);
    if (report !== undefined) await checkReport(truth, report, false);
  }
}
