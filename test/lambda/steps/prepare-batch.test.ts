import { expect, test } from "@jest/globals";
import { parsePolicy } from "../../../lambda/config.ts";
import { createLedger } from "../../../lambda/ledger/ledger.ts";
import type { Batch } from "../../../lambda/rollout/records.ts";
import { STEERING_START } from "../../../lambda/rollout/steering.ts";
import type { BatchRun } from "../../../lambda/steps/batch-run.ts";
import { createBrake } from "../../../lambda/steps/brake.ts";
import { createFlipTask } from "../../../lambda/steps/flip-task.ts";
import { prepareBatch } from "../../../lambda/steps/prepare-batch.ts";
import { AT_ONCE, createMemoryTable, toTable } from "../histories/memory-table.ts";
import { aCustomer, aRollout } from "./fake-ports.ts";

const CUSTOMERS = [aCustomer("c-1"), aCustomer("c-2")];

/** A rollout that is held when its first batch is prepared; the ledger's second write is made, and its reply is lost. */
async function givenHeld() {
  const ledger = createLedger(
    toTable(
      createMemoryTable(() => undefined),
      AT_ONCE,
    ),
    "https://evovoice.example.com",
  );
  const policy = parsePolicy({ baseUrl: "https://evovoice.example.com", accountIds: ["account"] });
  await ledger.putBatch("night", 0, CUSTOMERS);
  const brake = createBrake({ untilMs: 1, nowMs: () => 0 });
  const writes: Batch[] = [];
  const run: BatchRun = {
    task: createFlipTask({ ledger, policy }, aRollout("night")),
    ledger: {
      async recordBatch(batch) {
        writes.push(batch);
        const recorded = await ledger.recordBatch(batch);
        if (writes.length === 2) throw new Error("socket hang up");
        return recorded;
      },
    },
    connection: {
      listCustomers: async () => CUSTOMERS,
    } as unknown as BatchRun["connection"],
    lookout: {
      recent: async () => undefined,
      steering: () => STEERING_START,
      during: (_connection, work) => work(),
      async look() {
        brake.hold();
        return ledger.readOrders();
      },
    },
    concurrency: 1,
    brake,
  };
  return { ledger, run, writes };
}

test("a batch whose withdrawal was made and not answered is not withdrawn again: it would look like another worker's", async () => {
  const { ledger, run, writes } = await givenHeld();

  await expect(prepareBatch(run, 0)).rejects.toThrow("socket hang up");

  expect(writes.map(({ intended }) => intended)).toEqual([["c-1", "c-2"], []]);
  expect((await ledger.getBatch("night", 0)).intended).toEqual([]);
});
