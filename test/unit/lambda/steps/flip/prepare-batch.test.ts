import { parsePolicy } from "../../../../../lambda/config.ts";
import { NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import { createLedger } from "../../../../../lambda/ledger/ledger.ts";
import { type BatchRun, createFlipTask } from "../../../../../lambda/steps/flip/batch-run.ts";
import { prepareBatch } from "../../../../../lambda/steps/flip/prepare-batch.ts";
import { createStopSignal, type StopSignal } from "../../../../../lambda/steps/flip/stop-signal.ts";
import { AT_ONCE, createMemoryTable } from "../../../../chaos/random-runs/memory-table.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aCustomer, aRollout } from "../fake-ports.ts";

const CUSTOMERS = [aCustomer("c-1"), aCustomer("c-2")];

interface Given {
  /** Runs when the controls are read. */
  readonly look?: (stopSignal: StopSignal) => void;
  readonly protectedIds?: readonly string[];
  /** The ledger's second write is made, and its reply is lost. */
  readonly losesReply?: boolean;
}

/** A rollout with one batch of two customers. */
async function given({ look = () => undefined, protectedIds = [], losesReply = false }: Given) {
  const ledger = createLedger(createMemoryTable()(AT_ONCE), "https://evovoice.example.com");
  const policy = parsePolicy({ baseUrl: "https://evovoice.example.com", accountIds: ["account"] });
  await ledger.putBatch("night", 0, CUSTOMERS);
  const stopSignal = createStopSignal({ untilMs: 1, nowMs: () => 0 });
  const writes: Batch[] = [];
  const run: BatchRun = {
    task: await createFlipTask({ ledger, policy }, aRollout("night")),
    ledger: {
      async recordBatch(batch) {
        writes.push(batch);
        const recorded = await ledger.recordBatch(batch);
        if (losesReply && writes.length === 2) throw new Error("socket hang up");
        return recorded;
      },
    },
    connection: { listCustomers: async () => CUSTOMERS } as unknown as BatchRun["connection"],
    guard: {
      assertFresh: async () => undefined,
      countFailures: () => undefined,
      commandState: () => NO_COMMANDS,
      isOver: async () => false,
      async refresh() {
        look(stopSignal);
        return { ...(await ledger.readControls()), protectedIds };
      },
    },
    concurrency: 1,
    stopSignal,
    nowMs: () => 0,
  };
  return { ledger, run, writes };
}

test("a batch is not withdrawn again when the reply to its withdrawal was lost", async () => {
  const { ledger, run, writes } = await given({ look: (stopSignal) => stopSignal.hold(), losesReply: true });

  await expect(prepareBatch(run, 0)).rejects.toThrow("socket hang up");

  expect(writes.map(({ intended }) => intended)).toEqual([["c-1", "c-2"], []]);
  expect((await ledger.getBatch("night", 0)).intended).toEqual([]);
});

test("skips a customer that a control protects, and no other one", async () => {
  const { run } = await given({ protectedIds: ["c-1", "elsewhere"] });

  const prepared = await prepareBatch(run, 0);

  expect(prepared?.fresh.customers.map(({ id }) => id)).toEqual(["c-2"]);
  expect(prepared?.tracker.outcomes()).toEqual([
    { customerId: "c-1", name: "Customer c-1", outcome: "skipped", reason: { code: "protected-by-control" } },
  ]);
});

test("withdraws a batch when the controls cannot be read", async () => {
  const { ledger, run } = await given({
    look: () => {
      throw new Error("the ledger does not answer");
    },
  });

  await expect(prepareBatch(run, 0)).rejects.toThrow("the ledger does not answer");

  expect(await ledger.getBatch("night", 0)).toMatchObject({ intended: [], outcomes: [] });
});
