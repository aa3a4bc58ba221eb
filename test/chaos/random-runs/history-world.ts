import { parsePolicy } from "../../../lambda/config.ts";
import type { CustomerFacts } from "../../../lambda/core/lookup/selection.ts";
import type { AlarmState } from "../../../lambda/core/reason-types.ts";
import { createLedger } from "../../../lambda/ledger/ledger.ts";
import type { Ports } from "../../../lambda/steps/ports.ts";
import { runRollout } from "../../../lambda/workflow/run-rollout.ts";
import { type Asker, connect, type EvoVoiceState, REQUEST_TIMEOUT_MS } from "./fake-evo-voice.ts";
import { AT_ONCE, createMemoryTable } from "./memory-table.ts";
import {
  type Clock,
  createCall,
  createContext,
  createProcess,
  createSleep,
  type Execution,
  standStill,
  UnansweredError,
} from "./processes.ts";
import { createWitness, type Witness } from "./witness.ts";

export interface WorldOptions {
  /** Which customers begin on staging, one after the other. */
  readonly staging: readonly boolean[];
  /** How many more there are, every third of them on staging; enough of them fill several batches. */
  readonly crowd: number;
  /** Whether what a process hears of the world may be old already. */
  readonly slowReplies: boolean;
  readonly onFailure: "rollback" | "halt";
  readonly failureBudget: number;
}

/** A world in memory in which nothing happens by itself. */
export interface HistoryWorld {
  readonly clock: Clock;
  readonly evoVoice: EvoVoiceState;
  readonly ledger: ReturnType<typeof createLedger>;
  readonly witness: Witness;
  readonly accountId: string;
  /** The customers as Evo Voice holds them now. */
  customers(): Iterable<CustomerFacts & { readonly isStaging: boolean }>;
  readonly executions: Execution[];
  alarm: AlarmState;
  /** How many of the next calls of the ledger's table fail. */
  outages: number;
  start(event: unknown, name?: string): Promise<Execution>;
  /** A new process for an execution whose last one died. */
  resume(execution: Execution): Promise<void>;
}

const ENVIRONMENT = "https://evovoice.example.com";
const TABLE_TIMEOUT_MS = 15_000;
/** The first customer is protected by the policy, the last one is another account's. */
const PROTECTED = "c0";

/** Two and three storeys without a breadcrumb, and two with one. */
const FAMILIES: Readonly<Record<string, Pick<CustomerFacts, "parentCustomerId" | "ancestorIds">>> = {
  c0: { parentCustomerId: "c4" },
  c3: { parentCustomerId: "c5" },
  c5: { parentCustomerId: "c6" },
  c7: { parentCustomerId: "c8", ancestorIds: ["c8"] },
};

export function customerId(index: number): string {
  return `c${index}`;
}

export function createHistoryWorld({
  staging: given,
  crowd,
  slowReplies,
  onFailure,
  failureBudget,
}: WorldOptions): HistoryWorld {
  const clock: Clock = { nowMs: Date.parse("2026-11-23T00:00:00Z") };
  const evoVoice: EvoVoiceState = { customers: new Map(), mishaps: new Map() };
  const staging = [...given, ...Array.from({ length: crowd }, (_, index) => index % 3 === 0)];
  for (const [index, isStaging] of staging.entries()) {
    const id = customerId(index);
    const accountId = index === staging.length - 1 ? "other" : "ours";
    evoVoice.customers.set(id, { id, name: `Customer ${index}`, accountId, isStaging, tags: [], ...FAMILIES[id] });
  }
  const policy = parsePolicy({
    baseUrl: ENVIRONMENT,
    accountIds: ["ours"],
    strategy: "all-at-once",
    protected: { customerIds: [PROTECTED] },
    cohorts: { canary: { customerIds: [customerId(1), customerId(2)] } },
    alarms: ["calls-drop"],
    noDataMinutes: 2,
    failureBudget,
    concurrency: 2,
    onFailure,
    retries: { requestTimeoutMs: REQUEST_TIMEOUT_MS },
  });
  const witness = createWitness(clock, evoVoice);
  const openTable = createMemoryTable(witness.wrote);
  const world: HistoryWorld = {
    clock,
    evoVoice,
    ledger: createLedger(openTable(AT_ONCE), ENVIRONMENT),
    witness,
    accountId: "ours",
    customers: () => evoVoice.customers.values(),
    executions: [],
    alarm: "OK",
    outages: 0,
    async start(event, name = `execution-${world.executions.length}`) {
      const arn = `arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/${name}/0f3c`;
      const execution: Execution = { name, arn, event, journal: [], isRunning: true };
      world.executions.push(execution);
      await world.resume(execution);
      return execution;
    },
    async resume(execution) {
      const process = createProcess(execution);
      execution.process = process;
      const call = createCall(process, clock, { timeoutMs: TABLE_TIMEOUT_MS, slowReplies });
      const requests = createCall(process, clock, { timeoutMs: Number.POSITIVE_INFINITY, slowReplies });
      const table = openTable((what, effect) =>
        call(what, () => {
          if (world.outages > 0 && process.alive) {
            world.outages -= 1;
            throw new UnansweredError("the table is out");
          }
          return witness.by(process, effect);
        }),
      );
      const asker: Asker = {
        clock,
        call: requests,
        read: (ids) => witness.read(process, ids),
        write: (flip, begunMs) => witness.flip(process, flip, begunMs),
      };
      const ports: Ports = {
        policy,
        ledger: createLedger(table, ENVIRONMENT),
        evoVoice: { connect: (options) => connect(evoVoice, asker, options) },
        executions: {
          findEnd: (arn) =>
            call(`ask for ${arn}`, () => ({
              running: world.executions.some((one) => one.arn === arn && one.isRunning),
            })),
        },
        readAlarms: (names) => call("read alarms", () => names.map((name) => ({ name, state: world.alarm }))),
        notifier: { publish: async () => undefined, alert: async () => undefined },
        log: { info: () => undefined },
        nowMs: () => clock.nowMs,
        sleep: createSleep(process, clock),
      };
      const end = (change: Partial<Execution>) => {
        if (!process.alive) return;
        process.alive = false;
        Object.assign(execution, { ...change, isRunning: false, process: undefined });
      };
      runRollout(ports, execution.event, createContext(process, clock)).then(
        (result) => end({ result }),
        (error: Error) => end({ error }),
      );
      await standStill();
    },
  };
  return world;
}
