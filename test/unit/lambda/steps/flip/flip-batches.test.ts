import type { Flip, FlipResult } from "../../../../../lambda/core/flip/flip-result.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import { flipBatches } from "../../../../../lambda/steps/flip/flip-batches.ts";
import { ROLLBACK_GATE } from "../../../../../lambda/steps/gate/gate-config.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aCustomer, CONTROLS, FLIPPED } from "../fake-ports.ts";
import { UNTIL_MS, useBatchRun } from "./use-batch-run.ts";

const { given: givenRun, clock } = useBatchRun();
const NO_FAILURES = { ...ROLLBACK_GATE, rules: { ...ROLLBACK_GATE.rules, failures: [{ allowed: 0, planned: 1 }] } };

interface Given {
  readonly batches: readonly (readonly string[])[];
  readonly flip?: (flip: Flip) => Promise<FlipResult>;
  readonly readControls?: () => Promise<void>;
}

let happened: string[];

/** Batches of customers on staging; one failure stops the rollout. `happened` gets each event. */
async function given({ batches, flip = async () => FLIPPED, readControls = async () => {} }: Given) {
  happened = [];
  const { run, ...others } = await givenRun({
    batches: batches.map((ids) => ids.map((id) => aCustomer(id))),
    gateConfig: NO_FAILURES,
    connection: {
      flip: async (one, beforeSend) => {
        await beforeSend(false);
        happened.push(`flip ${one.customerId}`);
        return flip(one);
      },
    },
    ledger: {
      readControls: async () => {
        await readControls();
        happened.push("controls");
        return CONTROLS;
      },
    },
  });
  const recordBatch = async (batch: Batch) => {
    const recorded = await run.ledger.recordBatch(batch);
    happened.push(`record ${batch.index}: ${batch.intended.join("") || "none"} intended`);
    return recorded;
  };
  return { ...others, run: { ...run, ledger: { recordBatch } } };
}

const outcomesOf = ({ outcomes }: Pick<Batch, "outcomes">) =>
  outcomes.map(({ customerId, outcome }) => `${customerId} ${outcome}`);

/** Lets everything else run until the condition is true. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
/** The last step of the preparation of two batches. */
const arePrepared = () => happened.filter((what) => what === "controls").length === 2;

test("each batch intends, reads the controls, flips and is recorded, in this order", async () => {
  const { run, range } = await given({ batches: [["a"], ["b"], ["c"]] });

  const recorded = await Array.fromAsync(flipBatches(run, range));

  expect(recorded.flatMap(({ batch }) => outcomesOf(batch))).toEqual(["a flipped", "b flipped", "c flipped"]);
  for (const [index, id] of ["a", "b", "c"].entries()) {
    const intended = happened.indexOf(`record ${index}: ${id} intended`);
    const controls = happened.indexOf("controls", intended);
    const flipped = happened.indexOf(`flip ${id}`);
    const done = happened.lastIndexOf(`record ${index}: none intended`);
    expect([intended, controls, flipped, done]).toEqual([intended, controls, flipped, done].toSorted((a, b) => a - b));
    expect(intended).toBeGreaterThanOrEqual(0);
  }
});

test("the next batch is prepared during the last flips of this batch, and is flipped after them", async () => {
  const { run, range } = await given({
    batches: [["a"], ["b"]],
    flip: async ({ customerId }) => {
      if (customerId === "a") await until(arePrepared);
      return FLIPPED;
    },
  });

  await Array.fromAsync(flipBatches(run, range));

  const [first, second] = ["record 0: a intended", "record 1: b intended"];
  expect(happened.slice(0, 5)).toEqual([first, "controls", "flip a", second, "controls"]);
  expect(happened.indexOf("flip b")).toBeGreaterThan(4);
});

test("at most two batches are open: a slow flip delays the batch after the next", async () => {
  const { run, range } = await given({
    batches: [["a"], ["b"], ["c"]],
    flip: async ({ customerId }) => {
      if (customerId === "a") await until(() => happened.includes("flip b"));
      for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (customerId === "a") happened.push("a is flipped");
      return FLIPPED;
    },
  });

  const recorded = await Array.fromAsync(flipBatches(run, range));

  expect(happened.indexOf("flip b")).toBeLessThan(happened.indexOf("a is flipped"));
  expect(happened.indexOf("record 2: c intended")).toBeGreaterThan(happened.indexOf("a is flipped"));
  expect(recorded.map(({ position }) => position)).toEqual([0, 1, 2]);
});

test.each<[why: string, endMs: number, result: FlipResult, outcome: string]>([
  ["the failure budget is used up", UNTIL_MS - 1, { result: "failed", reason: { code: "unanswered" } }, "a failed"],
  ["the time is over", UNTIL_MS, FLIPPED, "a flipped"],
])("when %s, a batch that was prepared and not flipped is withdrawn", async (_why, endMs, result, outcome) => {
  const { run, range, batchOf } = await given({
    batches: [["a", "x"], ["b"]],
    flip: async () => {
      await until(arePrepared);
      clock.nowMs = endMs;
      return result;
    },
  });

  const [recorded] = await Array.fromAsync(flipBatches(run, range));

  expect(happened.filter((what) => what.startsWith("flip"))[0]).toBe("flip a");
  expect(happened).toContain("record 1: b intended");
  expect(happened).not.toContain("flip b");
  expect(outcomesOf(recorded?.batch as Batch)).toContain(outcome);
  expect(await batchOf(1)).toMatchObject({ intended: [], outcomes: [] });
});

test("a hold begins no further customer and no further batch, and the flip under way is recorded", async () => {
  const { run, range, batchOf } = await given({
    batches: [["a", "x"], ["b"]],
    flip: async () => {
      run.stopSignal.hold();
      return FLIPPED;
    },
  });

  const [recorded] = await Array.fromAsync(flipBatches(run, range));

  expect(happened.filter((what) => what.startsWith("flip"))).toEqual(["flip a"]);
  expect(recorded).toMatchObject({ position: 0, left: 1 });
  expect(outcomesOf(await batchOf(0))).toEqual(["a flipped"]);
  expect(await batchOf(1)).toMatchObject({ intended: [], outcomes: [] });
});

test("a lock lost during the preparation of a batch ends the flips, and outcomes are recorded", async () => {
  let readings = 0;
  const { run, range, batchOf } = await given({
    batches: [["a", "x"], ["b"]],
    readControls: async () => {
      readings += 1;
      if (readings === 2) throw new Error("the lock is lost");
    },
    flip: async () => {
      await until(() => !run.stopSignal.mayBegin());
      return FLIPPED;
    },
  });

  await expect(Array.fromAsync(flipBatches(run, range))).rejects.toThrow("the lock is lost");

  expect(happened.filter((what) => what.startsWith("flip"))).toEqual(["flip a"]);
  expect(outcomesOf(await batchOf(0))).toEqual(["a flipped"]);
  expect(await batchOf(1)).toMatchObject({ intended: [], outcomes: [] });
});

test("a customer that an earlier run intended stays intended when there is no time to read it", async () => {
  const { run, range, batchOf } = await given({ batches: [["a"], ["b"]] });
  await run.ledger.recordBatch({ ...(await batchOf(1)), intended: ["b"] });
  const connection: typeof run.connection = {
    ...run.connection,
    listCustomers: async (ids: readonly string[]) => {
      if (ids.includes("b")) clock.nowMs = UNTIL_MS;
      return ids.includes("b") ? [] : [aCustomer("a")];
    },
    flip: async (_flip, beforeSend) => {
      await beforeSend(false);
      await until(() => clock.nowMs === UNTIL_MS);
      return FLIPPED;
    },
  };

  await Array.fromAsync(flipBatches({ ...run, connection }, range));

  expect(await batchOf(1)).toMatchObject({ intended: ["b"], outcomes: [] });
});

test("a batch that cannot be recorded ends the next batch too, and its error is thrown", async () => {
  const { run, range, batchOf } = await given({ batches: [["a"], ["b", "c", "d"]] });
  let isAway = false;
  const ledger = {
    ...run.ledger,
    recordBatch: async (batch: Batch) => {
      if (batch.index !== 0 || batch.outcomes.length === 0) return run.ledger.recordBatch(batch);
      isAway = true;
      throw new Error("the ledger is away");
    },
  };
  const connection: typeof run.connection = {
    ...run.connection,
    flip: async ({ customerId }, beforeSend) => {
      await beforeSend(false);
      await until(() => (customerId === "a" ? arePrepared() : isAway));
      return FLIPPED;
    },
  };

  const flips = Array.fromAsync(flipBatches({ ...run, ledger, connection }, range));
  await expect(flips).rejects.toThrow("the ledger is away");

  expect(await batchOf(0)).toMatchObject({ intended: ["a"], outcomes: [] });
  expect(outcomesOf(await batchOf(1))).toEqual(["b flipped"]);
});
