import type { FlipResult } from "../../../../../lambda/core/flip/flip-result.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import type { BatchRun } from "../../../../../lambda/steps/flip/batch-run.ts";
import { flipBatches } from "../../../../../lambda/steps/flip/flip-batches.ts";
import { prepareBatch } from "../../../../../lambda/steps/flip/prepare-batch.ts";
import { skipBatch } from "../../../../../lambda/steps/flip/skip-batch.ts";
import { LockLostError } from "../../../../../lambda/steps/gate/gate-poller.ts";
import { CONTROLS_AGE_MS } from "../../../../../lambda/steps/gate/guard.ts";
import { verifyBatches } from "../../../../../lambda/steps/verify/verify-batches.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer, CONTROLS, FLIPPED, flipOnceBegun, LOCK } from "../fake-ports.ts";
import { UNTIL_MS, useBatchRun } from "./use-batch-run.ts";

const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const { given, clock } = useBatchRun();

async function flipBatch(run: BatchRun): Promise<Batch> {
  const [recorded] = await Array.fromAsync(flipBatches(run, { from: 0, to: 1 }));
  return recorded?.batch as Batch;
}

const ABC = [aCustomer("a"), aCustomer("b"), aCustomer("c")];

const outcomesOf = ({ outcomes }: Batch) => Object.fromEntries(outcomes.map((one) => [one.customerId, one.outcome]));

describe("a batch", () => {
  test("records the intended flips before the first flip, and leaves customers that are right", async () => {
    const flipped: string[] = [];
    const { run, records } = await given({
      batches: [[aCustomer("a"), aCustomer("b", false), aCustomer("c")]],
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
    const { run, records } = await given({
      batches: [[aCustomer("a", false), aCustomer("b")]],
      connection: {
        listCustomers: async () => {
          clock.nowMs = UNTIL_MS;
          return [aCustomer("b")];
        },
      },
      intended: ["a"],
    });

    const recorded = await flipBatch(run);

    expect(records.map(({ intended }) => intended.includes("a"))).toEqual([true, true]);
    expect(recorded.outcomes).toEqual([]);
  });

  test("flips no customer on a reading that is older than five seconds", async () => {
    const readAtMs: number[] = [];
    const customers = Array.from({ length: 12 }, (_, index) => aCustomer(`c-${index}`));
    const moved = new Set<string>();
    const { run } = await given({
      batches: [customers],
      connection: {
        listCustomers: async (ids) => {
          clock.nowMs += 500;
          readAtMs.push(clock.nowMs);
          return customers
            .filter(({ id }) => ids.includes(id))
            .map((one) => (moved.has(one.id) ? { ...one, accountId: "elsewhere" } : one));
        },
        flip: (_flip, beforeSend) =>
          flipOnceBegun(async () => {
            clock.nowMs += 1_000;
            moved.add("c-11");
            await beforeSend(false);
            expect(clock.nowMs - (readAtMs.at(-1) ?? 0)).toBeLessThanOrEqual(5_000);
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
      batches: [[aCustomer("a")]],
      connection: {
        flip: ({ customerId }, beforeSend) =>
          flipOnceBegun(async () => {
            tries += 1;
            clock.nowMs += tries === 1 ? 60_000 : 0;
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
    const { run } = await given({ batches: [[aCustomer("a")]], connection: { flip: async () => ({ result }) } });

    expect(await flipBatch(run)).toMatchObject({ outcomes: [], intended });
  });

  test.each([
    { intended: [], expected: NO_ANSWER },
    { intended: ["a"], expected: { code: "may-be-flipped", why: NO_ANSWER } },
  ])("is in doubt after a refused flip if an earlier run intended it: $intended", async ({ intended, expected }) => {
    const flip = async (): Promise<FlipResult> => ({ result: "failed", reason: NO_ANSWER });
    const { run } = await given({ batches: [[aCustomer("a")]], connection: { flip }, intended });

    const { outcomes, intended: after } = await flipBatch(run);

    expect({ reasons: outcomes.map(({ reason }) => reason), after }).toEqual({ reasons: [expected], after: [] });
  });

  test("keeps an unreadable customer intended only if an earlier run intended it", async () => {
    const { run, records } = await given({
      batches: [ABC],
      connection: {
        listCustomers: async () => [aCustomer("c")],
        readCustomer: async () => ({ reading: "unreadable", reason: NO_ANSWER }),
      },
      intended: ["a"],
    });

    const recorded = await flipBatch(run);

    expect(records.map(({ intended }) => intended)).toEqual([["c"], []]);
    expect(recorded.outcomes).toMatchObject([
      { customerId: "a", outcome: "failed", reason: { code: "may-be-flipped", why: NO_ANSWER } },
      { customerId: "b", outcome: "failed", reason: NO_ANSWER },
      { customerId: "c", outcome: "flipped" },
    ]);
  });

  const stopped = { requestedBy: "ann", reason: "an incident", at: "2026-11-23T00:00:00Z" };

  test("that is withdrawn keeps a customer intended that there was no time to read", async () => {
    const { run, records } = await given({
      batches: [ABC],
      connection: {
        listCustomers: async () => {
          clock.nowMs = UNTIL_MS;
          return [aCustomer("b"), aCustomer("c")];
        },
      },
      ledger: { readControls: async () => ({ ...CONTROLS, stopped }) },
      intended: ["a"],
    });

    expect(await prepareBatch(run, 0)).toBeUndefined();

    expect(records.map(({ intended }) => intended)).toEqual([["a", "b", "c"], ["a"]]);
  });

  test("that is withdrawn has no doubt of a customer that is gone", async () => {
    const { run, records } = await given({
      batches: [[aCustomer("b")]],
      connection: { listCustomers: async () => [], readCustomer: async () => ({ reading: "missing" }) },
      ledger: { readControls: async () => ({ ...CONTROLS, stopped }) },
      intended: ["b"],
    });

    await flipBatch(run);

    expect(records.at(-1)).toMatchObject({ outcomes: [{ outcome: "failed", reason: { code: "customer-gone" } }] });
  });

  test("reads the lock again before each request", async () => {
    let readings = 0;
    const tried: string[] = [];
    const { run, records } = await given({
      batches: [ABC],
      ledger: {
        readControls: async () => {
          readings += 1;
          return readings < 3 ? CONTROLS : { ...CONTROLS, fence: 2, lock: { ...LOCK, fence: 2, rolloutId: "noon" } };
        },
      },
      connection: {
        flip: ({ customerId }, beforeSend) =>
          flipOnceBegun(async () => {
            clock.nowMs += CONTROLS_AGE_MS;
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
      batches: [ABC],
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
    const { run } = await given({ batches: [customers], intended: ["b", "c"] });

    const recorded = (await skip(run)) as Batch;

    expect(outcomesOf(recorded)).toEqual({ a: "skipped", b: "flipped", c: "failed" });
    const notApplied = { code: "not-applied", isStaging: true, why: { code: "unanswered" } };
    expect(recorded.outcomes.map(({ reason }) => reason)).toContainEqual(notApplied);
  });

  test("stays as it is when there is no time to read it", async () => {
    const listCustomers = async () => {
      clock.nowMs = UNTIL_MS;
      return [];
    };
    const { run, records } = await given({
      batches: [[aCustomer("a", false)]],
      connection: { listCustomers },
      intended: ["a"],
    });

    expect(await skip(run)).toBeUndefined();
    expect(records).toEqual([]);
  });

  test("that reads no customer counts one as failed that may have been flipped", async () => {
    const { run } = await given({ batches: [[aCustomer("a", false)]], intended: ["a"] });

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
  const { run } = await given({ batches: [[aCustomer("a")]], connection: { flip } });

  expect(await verify(run, ["a"])).toEqual([]);
});

test("a verification reads late customers again, and leaves those that are protected by then", async () => {
  const tried: string[] = [];
  const { run } = await given({
    batches: [ABC],
    ledger: { readControls: async () => ({ ...CONTROLS, protectedIds: tried.length > 0 ? ["b"] : [] }) },
    connection: {
      flip: ({ customerId }, beforeSend) =>
        flipOnceBegun(async () => {
          await beforeSend(false);
          tried.push(customerId);
          clock.nowMs += 5_000;
        }),
    },
  });

  expect(await verify(run, ["a", "b", "c"])).toMatchObject([{ position: 0, sent: 3 }]);

  expect(tried).toEqual(["a", "c"]);
});

test("a flag that is sent once more in vain does not count as a failure before the next reading", async () => {
  const flip = async (): Promise<FlipResult> => ({ result: "failed", reason: NO_ANSWER });
  const { run } = await given({ batches: [[aCustomer("a")]], connection: { flip } });
  const counted: number[] = [];
  const guard: BatchRun["guard"] = { ...run.guard, countFailures: (failures) => void counted.push(failures) };

  expect(await verify({ ...run, guard }, ["a"])).toMatchObject([{ sent: 1 }]);

  expect(counted).toEqual([]);
});

describe("the preparation of a batch", () => {
  const batches = [[aCustomer("c-1"), aCustomer("c-2")]];

  test("does not withdraw a batch again when the reply to its withdrawal was lost", async () => {
    const readControls = async () => {
      run.stopSignal.hold();
      return CONTROLS;
    };
    const { run, records, batchOf } = await given({ batches, ledger: { readControls } });
    const recordBatch = async (batch: Batch) => {
      const recorded = await run.ledger.recordBatch(batch);
      if (records.length === 2) throw new Error("socket hang up");
      return recorded;
    };

    await expect(prepareBatch({ ...run, ledger: { recordBatch } }, 0)).rejects.toThrow("socket hang up");

    expect(records.map(({ intended }) => intended)).toEqual([["c-1", "c-2"], []]);
    expect((await batchOf(0)).intended).toEqual([]);
  });

  test("skips a customer that a control protects, and no other one", async () => {
    const readControls = async () => ({ ...CONTROLS, protectedIds: ["c-1", "elsewhere"] });
    const { run } = await given({ batches, ledger: { readControls } });

    const prepared = await prepareBatch(run, 0);

    expect(prepared?.fresh.customers.map(({ id }) => id)).toEqual(["c-2"]);
    expect(prepared?.tracker.outcomes()).toEqual([
      { customerId: "c-1", name: "Customer c-1", outcome: "skipped", reason: { code: "protected-by-control" } },
    ]);
  });

  test("withdraws a batch when the controls cannot be read", async () => {
    const readControls = () => Promise.reject(new Error("the ledger does not answer"));
    const { run, batchOf } = await given({ batches, ledger: { readControls } });

    await expect(prepareBatch(run, 0)).rejects.toThrow("the ledger does not answer");

    expect(await batchOf(0)).toMatchObject({ intended: [], outcomes: [] });
  });
});
