import type { FlipEvent } from "../../../../lambda/contract/deploy-event.ts";
import type { Lock, LockAndControls } from "../../../../lambda/core/controls.ts";
import type { FlipResult } from "../../../../lambda/core/flip/flip-result.ts";
import { startPace } from "../../../../lambda/core/flip/pace.ts";
import type { CustomerFacts } from "../../../../lambda/core/lookup/selection.ts";
import { OutOfTimeError } from "../../../../lambda/core/out-of-time-error.ts";
import type { Connection, Ledger, Ports } from "../../../../lambda/steps/ports.ts";
import type { FlipRollout, Locked } from "../../../../lambda/steps/run-part.ts";
import { afterAll, beforeAll } from "../../../support/jest.ts";
import { type ClosableLedgerWorld, type LedgerWorld, openLedger, startLedgerWorld } from "../../../support/ledger.ts";

const LIMITS = { startPerSecond: 10, minPerSecond: 1, maxPerSecond: 10 };

export interface Fakes {
  readonly customers: readonly CustomerFacts[];
  readonly connection?: Partial<Connection>;
  readonly ledger?: Partial<Ledger>;
  readonly nowMs?: () => number;
  /** @default for ever */
  readonly sleep?: Ports["sleep"];
}

export function aCustomer(id: string, isStaging = true): CustomerFacts {
  return { id, name: `Customer ${id}`, accountId: "account", isStaging, tags: [] };
}

/** The ports of a world with fakes. By default Evo Voice answers each request at once. */
export function fakePorts(
  world: LedgerWorld,
  { customers, connection = {}, ledger = {}, nowMs = Date.now, sleep = NEVER }: Fakes,
): Ports {
  /** The flags that flips have set. */
  const flags = new Map<string, boolean>();
  const find = (id: string): CustomerFacts | undefined => {
    const customer = customers.find((one) => one.id === id);
    return customer && { ...customer, isStaging: flags.get(id) ?? customer.isStaging };
  };
  return {
    policy: { ...world.policy, accountIds: ["account"] },
    ledger: withSteering({ ...openLedger(world), ...ledger }, ledger),
    evoVoice: {
      connect: () => ({
        readTagIds: async () => new Map(),
        readPage: async ({ page }) => ({
          customers: page === 0 ? customers.flatMap(({ id }) => find(id) ?? []) : [],
          total: customers.length,
          totalPages: 1,
        }),
        listCustomers: async (ids) => ids.flatMap((id) => find(id) ?? []),
        readCustomer: async (id) => {
          const customer = find(id);
          return customer === undefined ? { reading: "missing" } : { reading: "found", customer };
        },
        flip: async ({ customerId, isStaging }, beforeSend) => {
          const flipped = await flipOnceBegun(beforeSend);
          if (flipped.result === "flipped") flags.set(customerId, isStaging);
          return flipped;
        },
        pace: () => startPace(LIMITS),
        close: () => {},
        ...connection,
      }),
    },
    executions: { findEnd: async () => ({ running: true }) },
    notifier: { publish: async () => {}, alert: async () => {} },
    log: { info: () => {} },
    readAlarms: async () => [],
    nowMs,
    sleep,
  };
}

/** The result of a flip whose `begin` may throw right before its first request. */
export async function flipOnceBegun(begin: (mayBeDone: boolean) => Promise<void>): Promise<FlipResult> {
  try {
    await begin(false);
    return FLIPPED;
  } catch (error) {
    if (error instanceof OutOfTimeError) return { result: "not begun" };
    throw error;
  }
}

const NEVER = () => new Promise<never>(() => {});

/** Faked controls also reach the readers of the gate inputs. */
function withSteering(ledger: Ledger, faked: Partial<Ledger>): Ledger {
  const { readControls, readGateInputs } = faked;
  if (readControls === undefined || readGateInputs !== undefined) return ledger;
  return {
    ...ledger,
    readGateInputs: async (id) => ({ ...(await ledger.readGateInputs(id)), controls: await readControls() }),
  };
}

export const LOCK: Lock = { rolloutId: "night", execution: "arn:night", fence: 1, fingerprint: "", settleSeconds: 15 };

/** Controls that hold nothing, while the rollout `night` has the lock. */
export const CONTROLS: LockAndControls = { fence: 1, lock: LOCK, holds: {}, protectedIds: [] };

export const FLIPPED: FlipResult = { result: "flipped", reason: { code: "confirmed-by-reply" } };

/** Of a connection with one request in flight. */
export const ONE_BY_ONE: Parameters<Ports["evoVoice"]["connect"]>[0] = {
  ...{ limits: { startPerSecond: 1, minPerSecond: 1, maxPerSecond: 1 }, concurrency: 1, deadlineMs: 0 },
};

/** A ledger on loopback for all tests of a file. */
export function useLedgerWorld(policy?: Readonly<Record<string, unknown>>): () => LedgerWorld {
  let world: ClosableLedgerWorld;
  beforeAll(async () => {
    world = await startLedgerWorld(policy);
  });
  afterAll(() => world.close());
  return () => world;
}

/** A promote of all customers that holds the lock. */
export function aRollout(rolloutId: string): Locked<FlipRollout> {
  const event: FlipEvent = { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false };
  return { kind: "flip", rolloutId, event, startedAtMs: Date.now(), lock: LOCK };
}
