import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { FlipResult } from "../../../../../lambda/core/flip/settle-before-flip.ts";
import { NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import { type BatchRun, createFlipTask } from "../../../../../lambda/steps/flip/batch-run.ts";
import { flipBatches } from "../../../../../lambda/steps/flip/flip-batches.ts";
import { skipBatch } from "../../../../../lambda/steps/flip/skip-batch.ts";
import { createStopSignal } from "../../../../../lambda/steps/flip/stop-signal.ts";
import { createGuard } from "../../../../../lambda/steps/gate/guard.ts";
import { CONTROLS_AGE_MS, LockLostError, ROLLBACK_GATE } from "../../../../../lambda/steps/gate/poll-gate.ts";
import { type ClosableLedgerWorld, startLedgerWorld } from "../../../../support/ledger.ts";
import { aCustomer, aRollout, type Fakes, fakePorts, flipOnceBegun } from "../fake-ports.ts";

const LOCK = { rolloutId: "night", execution: "arn:night", fence: 1, fingerprint: "", settleSeconds: 15 };
const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const BEGUN_MS = 1_000_000;
const UNTIL_MS = BEGUN_MS + 600_000;

let world: ClosableLedgerWorld;
let clockMs: number;
let rolloutId: string;
let rollouts = 0;

beforeAll(async () => {
  world = await startLedgerWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  clockMs = BEGUN_MS;
  rollouts += 1;
  rolloutId = `rollout-${rollouts}`;
});

async function given(fakes: Fakes, batch: Partial<Pick<Batch, "intended" | "restoring" | "rollback">> = {}) {
  const records: Batch[] = [];
  const ports = fakePorts(world, {
    nowMs: () => clockMs,
    ...fakes,
    ledger: { readControls: async () => ({ fence: 1, lock: LOCK, holds: {}, protectedIds: [] }), ...fakes.ledger },
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
    connection: ports.evoVoice.connect({
      limits: { startPerSecond: 1, minPerSecond: 1, maxPerSecond: 1 },
      concurrency: 1,
      deadlineMs: 0,
    }),
    guard: createGuard(ports, {
      rolloutId,
      lock: LOCK,
      gateConfig: ROLLBACK_GATE,
      commandState: NO_COMMANDS,
      stopSignal,
    }),
    concurrency: 1,
    stopSignal,
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
          return { result: "flipped", reason: { code: "confirmed-by-reply" } };
        },
      },
    });

    const recorded = await flipBatch(run);

    expect(flipped).toEqual(["a", "c"]);
    expect(outcomesOf(recorded)).toEqual({ a: "flipped", b: "unchanged", c: "flipped" });
  });

  test("counts a customer that an earlier run intended and that has the flag as flipped", async () => {
    const { run } = await given({ customers: [aCustomer("a", false), aCustomer("b", false)] }, { intended: ["a"] });

    expect(outcomesOf(await flipBatch(run))).toEqual({ a: "flipped", b: "unchanged" });
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

  test.each<{ result: FlipResult; intended: readonly string[] }>([
    { result: { result: "unresolved" }, intended: ["a"] },
    { result: { result: "not begun" }, intended: [] },
  ])(
    "leaves a customer open that is $result.result, and intended if it may be flipped",
    async ({ result, intended }) => {
      const { run } = await given({ customers: [aCustomer("a")], connection: { flip: async () => result } });

      expect(await flipBatch(run)).toMatchObject({ outcomes: [], intended });
    },
  );

  test.each([
    { refused: false, intended: ["a"] },
    { refused: true, intended: [] },
  ])(
    "keeps a failed customer intended if its flip may have been done: refused $refused",
    async ({ refused, intended }) => {
      const flip = async (): Promise<FlipResult> => ({ result: "failed", reason: NO_ANSWER, refused });
      const { run } = await given({ customers: [aCustomer("a")], connection: { flip } });

      expect(await flipBatch(run)).toMatchObject({ outcomes: [{ outcome: "failed" }], intended });
    },
  );

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

    expect(records.map(({ intended }) => intended)).toEqual([["a", "c"], ["a"]]);
    expect(recorded.outcomes).toMatchObject([
      { customerId: "a", outcome: "failed", reason: { code: "may-be-flipped", why: NO_ANSWER } },
      { customerId: "b", outcome: "failed", reason: NO_ANSWER },
      { customerId: "c", outcome: "flipped" },
    ]);
  });

  test("that is withdrawn keeps a missing customer intended that may have been flipped", async () => {
    const stopped = { requestedBy: "ann", reason: "an incident", at: "2026-11-23T00:00:00Z" };
    const { run, records } = await given(
      {
        customers: [aCustomer("b")],
        connection: { listCustomers: async () => [], readCustomer: async () => ({ reading: "missing" }) },
        ledger: { readControls: async () => ({ fence: 1, lock: LOCK, holds: {}, protectedIds: [], stopped }) },
      },
      { intended: ["b"] },
    );

    await flipBatch(run);

    expect(records.at(-1)).toMatchObject({ outcomes: [{ customerId: "b", outcome: "failed" }], intended: ["b"] });
  });

  test("reads the lock again before each request", async () => {
    let readings = 0;
    const tried: string[] = [];
    const { run, records } = await given({
      customers: [aCustomer("a"), aCustomer("b"), aCustomer("c")],
      ledger: {
        readControls: async () => {
          readings += 1;
          const lock = readings < 3 ? LOCK : { ...LOCK, fence: 2, rolloutId: "noon" };
          return { fence: lock.fence, lock, holds: {}, protectedIds: [] };
        },
      },
      connection: {
        flip: ({ customerId }, beforeSend) =>
          flipOnceBegun(async () => {
            clockMs += CONTROLS_AGE_MS;
            await beforeSend();
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
          return { result: "flipped", reason: { code: "confirmed-by-reply" } };
        },
      },
    });

    await expect(flipBatch(run)).rejects.toThrow("the sign-in is refused");

    expect(outcomesOf(records.at(-1) as Batch)).toEqual({ a: "flipped" });
  });
});

describe("a batch of a stopped rollout", () => {
  const why: readonly Reason[] = [{ code: "failure-budget", failed: 5, allowed: 4, planned: 10 }];
  const STOPPED = { why, blind: false };

  test("skips customers that were not attempted, and reads those that may have been flipped", async () => {
    const customers = [aCustomer("a"), aCustomer("b", false), aCustomer("c")];
    const { run } = await given({ customers }, { intended: ["b", "c"] });

    const { batch: recorded } = await skipBatch(run, 0, STOPPED);

    expect(outcomesOf(recorded)).toEqual({ a: "skipped", b: "flipped", c: "skipped" });
  });

  test("leaves a customer in doubt that a rollback restored meanwhile", async () => {
    const rollback = [
      { customerId: "a", name: "", outcome: "flipped", reason: { code: "confirmed-by-reply" } } as const,
    ];
    const { run } = await given(
      { customers: [aCustomer("a"), aCustomer("b")] },
      { intended: ["a", "b"], restoring: ["a"], rollback },
    );

    const { batch: recorded } = await skipBatch(run, 0, STOPPED);

    expect(outcomesOf(recorded)).toEqual({ a: "failed", b: "skipped" });
    expect(recorded.outcomes[0]?.reason).toEqual({ code: "may-be-flipped", why: { code: "not-read" } });
  });

  test("leaves a customer open that it had no time to read", async () => {
    const { run } = await given(
      {
        customers: [aCustomer("a"), aCustomer("b", false)],
        connection: {
          listCustomers: async () => {
            clockMs = UNTIL_MS;
            return [];
          },
        },
      },
      { intended: ["b"] },
    );

    const { batch: recorded } = await skipBatch(run, 0, STOPPED);

    expect(recorded).toMatchObject({ intended: ["b"], outcomes: [{ customerId: "a", outcome: "skipped" }] });
  });

  test.each([
    [
      "cannot be read",
      { connection: { listCustomers: () => Promise.reject(new Error("the sign-in is refused")) } },
      STOPPED,
    ],
    ["is not to be read any more", {}, { ...STOPPED, blind: true }],
  ])("counts a customer as failed that may have been flipped and %s", async (_why, fakes, stopped) => {
    const { run } = await given({ customers: [aCustomer("a", false)], ...fakes }, { intended: ["a"] });

    const { batch: recorded } = await skipBatch(run, 0, stopped);

    expect(recorded.outcomes).toMatchObject([
      { outcome: "failed", reason: { code: "may-be-flipped", why: { code: "not-read" } } },
    ]);
  });
});
