import type { FlipResult } from "../../../../../lambda/core/flip/flip-result.ts";
import { NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import { type BatchRun, createFlipTask } from "../../../../../lambda/steps/flip/batch-run.ts";
import { flipBatches } from "../../../../../lambda/steps/flip/flip-batches.ts";
import { skipBatch } from "../../../../../lambda/steps/flip/skip-batch.ts";
import { createStopSignal } from "../../../../../lambda/steps/flip/stop-signal.ts";
import { ROLLBACK_GATE } from "../../../../../lambda/steps/gate/gate-config.ts";
import { LockLostError } from "../../../../../lambda/steps/gate/gate-poller.ts";
import { CONTROLS_AGE_MS, createGuard } from "../../../../../lambda/steps/gate/guard.ts";
import { verifyBatches } from "../../../../../lambda/steps/verify/verify-batches.ts";
import { beforeEach, describe, expect, test } from "../../../../support/jest.ts";
import {
  aCustomer,
  aRollout,
  CONTROLS,
  type Fakes,
  FLIPPED,
  fakePorts,
  flipOnceBegun,
  LOCK,
  ONE_BY_ONE,
  useLedgerWorld,
} from "../fake-ports.ts";

const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const BEGUN_MS = 1_000_000;
const UNTIL_MS = BEGUN_MS + 600_000;

const world = useLedgerWorld();
let clockMs: number;
let rolloutId: string;
let rollouts = 0;

beforeEach(() => {
  clockMs = BEGUN_MS;
  rollouts += 1;
  rolloutId = `rollout-${rollouts}`;
});

async function given(fakes: Fakes, batch: Partial<Pick<Batch, "intended" | "restoring" | "rollback">> = {}) {
  const records: Batch[] = [];
  const ports = fakePorts(world(), {
    nowMs: () => clockMs,
    ...fakes,
    ledger: { readControls: async () => CONTROLS, ...fakes.ledger },
  });
  const { ledger } = ports;
  await ledger.putBatch(rolloutId, 0, fakes.customers);
  const planned = await ledger.getBatch(rolloutId, 0);
  await ledger.recordBatch({ ...planned, ...batch });
  const stopSignal = createStopSignal({ untilMs: UNTIL_MS, nowMs: ports.nowMs });
  const run: BatchRun = {
    task: await createFlipTask(ports, aRollout(rolloutId)),
    ledger: {
      recordBatch: async (record) => {
        records.push(record);
        return ledger.recordBatch(record);
      },
    },
    connection: ports.evoVoice.connect(ONE_BY_ONE),
    guard: createGuard(ports, {
      ...{ rolloutId, lock: LOCK, gateConfig: ROLLBACK_GATE, commandState: NO_COMMANDS, stopSignal },
    }),
    concurrency: 1,
    stopSignal,
    nowMs: ports.nowMs,
  };
  return { run, records };
}

async function flipBatch(run: BatchRun): Promise<Batch> {
  const [recorded] = await Array.fromAsync(flipBatches(run, { from: 0, to: 1 }));
  return recorded?.batch as Batch;
}

const outcomesOf = ({ outcomes }: Batch) => Object.fromEntries(outcomes.map((one) => [one.customerId, one.outcome]));

describe("a batch", () => {
  test("records the intended flips before the first flip, and leaves customers that are right", async () => {
    const flipped: string[] = [];
    const { run, records } = await given({
      customers: [aCustomer("a"), aCustomer("b", false), aCustomer("c")],
      connection: {
        flip: async ({ customerId }) => {
          expect(records.at(-1)?.intended).toEqual(["a", "c"]);
          flipped.push(customerId);
          return FLIPPED;
        },
      },
    });

    const recorded = await flipBatch(run);

    expect(flipped).toEqual(["a", "c"]);
    expect(outcomesOf(recorded)).toEqual({ a: "flipped", b: "unchanged", c: "flipped" });
  });

  test("keeps a customer that an earlier run intended when there is no time to read it", async () => {
    const { run, records } = await given(
      {
        customers: [aCustomer("a", false), aCustomer("b")],
        connection: {
          listCustomers: async () => {
            clockMs = UNTIL_MS;
            return [aCustomer("b")];
          },
        },
      },
      { intended: ["a"] },
    );

    const recorded = await flipBatch(run);

    expect(records.map(({ intended }) => intended.includes("a"))).toEqual([true, true]);
    expect(recorded.outcomes).toEqual([]);
  });

  test("flips no customer on a reading that is older than five seconds", async () => {
    const readAtMs: number[] = [];
    const customers = Array.from({ length: 12 }, (_, index) => aCustomer(`c-${index}`));
    const moved = new Set<string>();
    const { run } = await given({
      customers,
      connection: {
        listCustomers: async (ids) => {
          clockMs += 500;
          readAtMs.push(clockMs);
          return customers
            .filter(({ id }) => ids.includes(id))
            .map((one) => (moved.has(one.id) ? { ...one, accountId: "elsewhere" } : one));
        },
        flip: (_flip, beforeSend) =>
          flipOnceBegun(async () => {
            clockMs += 1_000;
            moved.add("c-11");
            await beforeSend(false);
            expect(clockMs - (readAtMs.at(-1) ?? 0)).toBeLessThanOrEqual(5_000);
          }),
      },
    });

    const { outcomes } = await flipBatch(run);

    expect(outcomes.filter(({ outcome }) => outcome === "flipped")).toHaveLength(11);
    expect(outcomes.find(({ customerId }) => customerId === "c-11")?.reason.code).toBe("outside-accounts");
    expect(readAtMs).toHaveLength(3);
  });

  test.each([
    [false, []],
    [true, ["a"]],
  ])("when an earlier request may have set the flag: %s, a late try is sent: %j", async (mayBeDone, sent) => {
    const flipped: string[] = [];
    let tries = 0;
    const { run } = await given({
      customers: [aCustomer("a")],
      connection: {
        flip: ({ customerId }, beforeSend) =>
          flipOnceBegun(async () => {
            tries += 1;
            clockMs += tries === 1 ? 60_000 : 0;
            await beforeSend(mayBeDone);
            if (tries === 1) flipped.push(customerId);
          }),
      },
    });

    expect(outcomesOf(await flipBatch(run))).toEqual({ a: "flipped" });
    expect(flipped).toEqual(sent);
  });

  test.each([
    ["unresolved", ["a"]],
    ["not begun", []],
  ] as const)("leaves a customer open that is %s, and intended if it may be flipped", async (result, intended) => {
    const { run } = await given({ customers: [aCustomer("a")], connection: { flip: async () => ({ result }) } });

    expect(await flipBatch(run)).toMatchObject({ outcomes: [], intended });
  });

  test.each([
    { intended: [], expected: NO_ANSWER },
    { intended: ["a"], expected: { code: "may-be-flipped", why: NO_ANSWER } },
  ])("is in doubt after a refused flip if an earlier run intended it: $intended", async ({ intended, expected }) => {
    const flip = async (): Promise<FlipResult> => ({ result: "failed", reason: NO_ANSWER });
    const { run } = await given({ customers: [aCustomer("a")], connection: { flip } }, { intended });

    const { outcomes, intended: after } = await flipBatch(run);

    expect({ reasons: outcomes.map(({ reason }) => reason), after }).toEqual({ reasons: [expected], after: [] });
  });

  test("keeps an unreadable customer intended only if an earlier run intended it", async () => {
    const { run, records } = await given(
      {
        customers: [aCustomer("a"), aCustomer("b"), aCustomer("c")],
        connection: {
          listCustomers: async () => [aCustomer("c")],
          readCustomer: async () => ({ reading: "unreadable", reason: NO_ANSWER }),
        },
      },
      { intended: ["a"] },
    );

    const recorded = await flipBatch(run);

    expect(records.map(({ intended }) => intended)).toEqual([["c"], []]);
    expect(recorded.outcomes).toMatchObject([
      { customerId: "a", outcome: "failed", reason: { code: "may-be-flipped", why: NO_ANSWER } },
      { customerId: "b", outcome: "failed", reason: NO_ANSWER },
      { customerId: "c", outcome: "flipped" },
    ]);
  });

  test("that is withdrawn has no doubt of a customer that is gone", async () => {
    const stopped = { requestedBy: "ann", reason: "an incident", at: "2026-11-23T00:00:00Z" };
    const { run, records } = await given(
      {
        customers: [aCustomer("b")],
        connection: { listCustomers: async () => [], readCustomer: async () => ({ reading: "missing" }) },
        ledger: { readControls: async () => ({ ...CONTROLS, stopped }) },
      },
      { intended: ["b"] },
    );

    await flipBatch(run);

    expect(records.at(-1)).toMatchObject({ outcomes: [{ outcome: "failed", reason: { code: "customer-gone" } }] });
  });

  test("reads the lock again before each request", async () => {
    let readings = 0;
    const tried: string[] = [];
    const { run, records } = await given({
      customers: [aCustomer("a"), aCustomer("b"), aCustomer("c")],
      ledger: {
        readControls: async () => {
          readings += 1;
          return readings < 3 ? CONTROLS : { ...CONTROLS, fence: 2, lock: { ...LOCK, fence: 2, rolloutId: "noon" } };
        },
      },
      connection: {
        flip: ({ customerId }, beforeSend) =>
          flipOnceBegun(async () => {
            clockMs += CONTROLS_AGE_MS;
            await beforeSend(true);
            tried.push(customerId);
          }),
      },
    });

    await expect(flipBatch(run)).rejects.toThrow(LockLostError);

    expect(tried).toEqual(["a"]);
    expect(records.at(-1)).toMatchObject({ intended: [], outcomes: [{ customerId: "a", outcome: "flipped" }] });
  });

  test("ends with the first error after it has recorded all outcomes", async () => {
    const { run, records } = await given({
      customers: ["a", "b", "c"].map((id) => aCustomer(id)),
      connection: {
        flip: async ({ customerId }) => {
          if (customerId === "b") throw new Error("the sign-in is refused");
          return FLIPPED;
        },
      },
    });

    await expect(flipBatch(run)).rejects.toThrow("the sign-in is refused");

    expect(outcomesOf(records.at(-1) as Batch)).toEqual({ a: "flipped" });
  });
});

describe("a batch of a stopped rollout", () => {
  const why: readonly Reason[] = [{ code: "failure-budget", failed: 5, allowed: 4, planned: 10 }];
  const STOPPED = { why, readsNoMore: false };

  const skip = async (run: BatchRun, stopped = STOPPED) => (await skipBatch(run, 0, stopped))?.batch;

  test("skips customers that were not attempted, and reads those that may have been flipped", async () => {
    const customers = [aCustomer("a"), aCustomer("b", false), aCustomer("c")];
    const { run } = await given({ customers }, { intended: ["b", "c"] });

    const recorded = (await skip(run)) as Batch;

    expect(outcomesOf(recorded)).toEqual({ a: "skipped", b: "flipped", c: "failed" });
    const notApplied = { code: "not-applied", isStaging: true, why: { code: "unanswered" } };
    expect(recorded.outcomes.map(({ reason }) => reason)).toContainEqual(notApplied);
  });

  test("stays as it is when there is no time to read it", async () => {
    const listCustomers = async () => {
      clockMs = UNTIL_MS;
      return [];
    };
    const { run, records } = await given(
      { customers: [aCustomer("a", false)], connection: { listCustomers } },
      { intended: ["a"] },
    );

    expect(await skip(run)).toBeUndefined();
    expect(records).toEqual([]);
  });

  test("that reads no customer counts one as failed that may have been flipped", async () => {
    const { run } = await given({ customers: [aCustomer("a", false)] }, { intended: ["a"] });

    const recorded = await skip(run, { ...STOPPED, readsNoMore: true });

    expect(recorded?.outcomes).toMatchObject([{ outcome: "failed", reason: { code: "unanswered" } }]);
  });
});

const confirmed = (customerId: string) =>
  ({ customerId, name: "", outcome: "flipped", reason: { code: "confirmed-by-reply" } }) as const;

async function verify(run: BatchRun, ids: readonly string[]) {
  await run.ledger.recordBatch({ ...(await run.task.read(0)), outcomes: ids.map(confirmed) });
  return Array.fromAsync(verifyBatches(run, { from: 0, to: 1 }, true));
}

test("a verification is not done while the flag waits to be sent once more", async () => {
  const flip = async (): Promise<FlipResult> => ({ result: "not begun" });
  const { run } = await given({ customers: [aCustomer("a")], connection: { flip } });

  expect(await verify(run, ["a"])).toEqual([]);
});

test("a verification reads late customers again, and leaves those that are protected by then", async () => {
  const tried: string[] = [];
  const { run } = await given({
    customers: ["a", "b", "c"].map((id) => aCustomer(id)),
    ledger: { readControls: async () => ({ ...CONTROLS, protectedIds: tried.length > 0 ? ["b"] : [] }) },
    connection: {
      flip: ({ customerId }, beforeSend) =>
        flipOnceBegun(async () => {
          await beforeSend(false);
          tried.push(customerId);
          clockMs += 5_000;
        }),
    },
  });

  expect(await verify(run, ["a", "b", "c"])).toMatchObject([{ position: 0, sent: 3 }]);

  expect(tried).toEqual(["a", "c"]);
});

test("a flag that is sent once more in vain does not count as a failure before the next reading", async () => {
  const flip = async (): Promise<FlipResult> => ({ result: "failed", reason: NO_ANSWER });
  const { run } = await given({ customers: [aCustomer("a")], connection: { flip } });
  const counted: number[] = [];
  const guard: BatchRun["guard"] = { ...run.guard, countFailures: (failures) => void counted.push(failures) };

  expect(await verify({ ...run, guard }, ["a"])).toMatchObject([{ sent: 1 }]);

  expect(counted).toEqual([]);
});
