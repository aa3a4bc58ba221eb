import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { FinalError } from "../../lambda/core/final-error.ts";
import { OutOfTimeError } from "../../lambda/core/out-of-time-error.ts";
import { runRollout } from "../../lambda/workflow/run-rollout.ts";
import { execute } from "../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../support/jest.ts";
import { openLedger } from "../support/ledger.ts";
import { readOutcomes, startWorld, type World } from "../support/world.ts";
import { aCustomer, type Fakes, fakePorts } from "../unit/lambda/steps/fake-ports.ts";

const EVENT = { action: "promote", release: "2026.11", id: "night", targets: { all: true } } as const;
const CUSTOMERS = ["a", "b", "c"].map((id) => aCustomer(id));

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 1 });
});
afterEach(() => world.close());

function run(fakes: Partial<Fakes>) {
  const ports = fakePorts(world, { customers: CUSTOMERS, ...fakes });
  return execute(world, EVENT, {
    handler: withDurableExecution((input, context) => runRollout(ports, input, context)),
  });
}

const outcomes = async () => [...(await readOutcomes(world, "night")).values()].map(({ outcome }) => outcome);

describe("parts that come no further", () => {
  test("three times in a row, fail the rollout with each customer skipped", async () => {
    const { report, operations } = await run({ connection: { flip: async () => ({ result: "not begun" }) } });

    expect(report).toMatchObject({
      status: "failed",
      problems: [{ code: "no-progress", parts: 3 }],
      counts: { flipped: 0, skipped: 3 },
    });
    expect(operations.filter((name) => name.startsWith("flip-1-part"))).toHaveLength(4);
  });

  test("nor can say what became of a flip, leave a failure and not a guess", async () => {
    let flips = 0;
    const { report } = await run({
      connection: {
        flip: async () => {
          flips += 1;
          return { result: flips === 1 ? "unresolved" : "not begun" };
        },
        listCustomers: async (ids) => {
          if (flips > 0) throw new Error("the sign-in is refused");
          return CUSTOMERS.filter(({ id }) => ids.includes(id));
        },
      },
    });

    expect(report).toMatchObject({ status: "failed", counts: { flipped: 0, failed: 1, skipped: 2 } });
    expect((await outcomes()).sort()).toEqual(["failed", "skipped", "skipped"]);
  });

  test("while looking up, refuse the rollout", async () => {
    const { report } = await run({
      connection: {
        readPage: async () => {
          throw new OutOfTimeError("the part's time was over");
        },
      },
    });

    expect(report).toMatchObject({
      status: "refused",
      problems: [{ code: "no-progress", parts: 3 }],
      counts: { flipped: 0 },
    });
    expect((await openLedger(world).readControls()).lock).toBeUndefined();
  });
});

describe("a ledger that fails", () => {
  test.each([
    { failures: 4, status: "succeeded", flipped: 3, skipped: 0 },
    { failures: 5, status: "failed", flipped: 0, skipped: 3 },
  ])("$failures times in a row makes a rollout that $status: tries are not deaths", async (given) => {
    let left = given.failures;
    const { recordBatch } = openLedger(world);
    const { report } = await run({
      ledger: {
        recordBatch: async (batch) => {
          left -= 1;
          if (left >= 0) throw new Error("the ledger is busy");
          return recordBatch(batch);
        },
      },
    });

    const { status, flipped, skipped } = given;
    expect(report).toMatchObject({ status, counts: { flipped, skipped } });
    if (status === "failed")
      expect(report?.problems?.[0]).toMatchObject({ code: "unexpected", detail: "the ledger is busy" });
  });

  test("with what no repetition mends is not asked again", async () => {
    let asked = 0;
    const { report } = await run({
      ledger: {
        getBatch: async () => {
          asked += 1;
          throw new FinalError({ code: "batch-missing", rolloutId: "night", index: 0 });
        },
      },
    });

    // Once by the reading of the children, whose failure ends nothing.
    expect(asked).toBe(4);
    const missing = { code: "batch-missing", rolloutId: "night", index: 0 };
    expect(report).toMatchObject({
      status: "failed",
      problems: [missing, { code: "outcomes-not-recorded", why: [missing] }],
    });
  });

  test("for good, with every batch, still ends with a report and gives the lock back", async () => {
    const { report } = await run({ ledger: { recordBatch: () => Promise.reject(new Error("the ledger is busy")) } });

    expect(report).toMatchObject({
      status: "failed",
      problems: expect.arrayContaining([expect.objectContaining({ code: "outcomes-not-recorded" })]),
    });
    expect((await openLedger(world).readControls()).lock).toBeUndefined();
  });
});

test("a close that is run again gives the report that it wrote the first time", async () => {
  const written: unknown[] = [];
  const ledger = openLedger(world);
  const { report } = await run({
    ledger: {
      releaseLock: async (lock) => {
        written.push((await ledger.findRollout("night"))?.report);
        await ledger.releaseLock(lock);
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (written.length === 1) throw new Error("the reply was lost");
      },
    },
  });

  expect(report).toMatchObject({ status: "succeeded", counts: { flipped: 3 } });
  expect(written).toEqual([report, report]);
});
