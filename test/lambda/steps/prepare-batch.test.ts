import { expect, test } from "@jest/globals";
import { parsePolicy } from "../../../lambda/config.ts";
import { createLedger } from "../../../lambda/ledger/ledger.ts";
import type { Batch } from "../../../lambda/rollout/batch.ts";
import { FinalError } from "../../../lambda/rollout/final-error.ts";
import { OutOfTimeError } from "../../../lambda/rollout/out-of-time-error.ts";
import { STEERING_START } from "../../../lambda/rollout/steering.ts";
import type { BatchRun } from "../../../lambda/steps/batch-run.ts";
import { type Brake, createBrake } from "../../../lambda/steps/brake.ts";
import { createFlights } from "../../../lambda/steps/flights.ts";
import { createFlipTask } from "../../../lambda/steps/flip-task.ts";
import { prepareBatch } from "../../../lambda/steps/prepare-batch.ts";
import type { Protection } from "../../../lambda/steps/protection.ts";
import { AT_ONCE, createMemoryTable, toTable } from "../histories/memory-table.ts";
import { aCustomer, aRollout, UNPROTECTED } from "./fake-ports.ts";

const CUSTOMERS = [aCustomer("c-1"), aCustomer("c-2")];

interface Given {
  /** What the look at the controls comes to. */
  readonly look?: (brake: Brake) => void;
  readonly protection?: Protection;
  /** The ledger's second write is made, and its reply is lost. */
  readonly losesReply?: boolean;
}

/** A rollout whose first batch is prepared. */
async function given({ look = () => undefined, protection = UNPROTECTED, losesReply = false }: Given) {
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
    task: await createFlipTask({ ledger, policy, nowMs: () => 0 }, aRollout("night")),
    ledger: {
      async recordBatch(batch) {
        writes.push(batch);
        const recorded = await ledger.recordBatch(batch);
        if (losesReply && writes.length === 2) throw new Error("socket hang up");
        return recorded;
      },
    },
    connection: {
      listCustomers: async () => CUSTOMERS,
      listDescendants: async () => ({ list: "whole", customers: [] }),
    } as unknown as BatchRun["connection"],
    lookout: {
      recent: async () => undefined,
      steering: () => STEERING_START,
      during: (_connection, work) => work(),
      async look() {
        look(brake);
        return ledger.readControls();
      },
    },
    protection,
    concurrency: 1,
    brake,
    flights: createFlights(),
  };
  return { ledger, run, writes };
}

test("a batch whose withdrawal was made and not answered is not withdrawn again: it would look like another worker's", async () => {
  const { ledger, run, writes } = await given({ look: (brake) => brake.hold(), losesReply: true });

  await expect(prepareBatch(run, 0)).rejects.toThrow("socket hang up");

  expect(writes.map(({ intended }) => intended)).toEqual([["c-1", "c-2"], []]);
  expect((await ledger.getBatch("night", 0)).intended).toEqual([]);
});

test("whom controls keep where they are is settled with the reason, and nobody else", async () => {
  const { run } = await given({
    protection: { ...UNPROTECTED, read: async () => new Map([["c-1", "kept where it is"]]) },
  });

  const prepared = await prepareBatch(run, 0);

  expect(prepared?.flips.map(({ id }) => id)).toEqual(["c-2"]);
  expect(prepared?.sheet.outcomes()).toEqual([
    { customerId: "c-1", name: "Customer c-1", outcome: "skipped", reason: "kept where it is" },
  ]);
});

test.each([
  ["nobody can say whom controls keep where they are", new FinalError("cannot be read"), true],
  ["its time is over before that is known", new OutOfTimeError("the part's time is over"), false],
])("a batch is withdrawn when %s: nobody is flipped on a guess", async (_why, error, isFinal) => {
  const read = () => Promise.reject(error);
  const { ledger, run } = await given({ protection: { ...UNPROTECTED, read } });

  const prepared = prepareBatch(run, 0);

  if (isFinal) await expect(prepared).rejects.toBe(error);
  else expect(await prepared).toBeUndefined();
  expect(run.brake.mayGoOn()).toBe(isFinal);
  expect(await ledger.getBatch("night", 0)).toMatchObject({ intended: [], outcomes: [] });
});
