import { FinalError } from "../core/final-error.ts";
import type { Outcome } from "../core/flip/outcome.ts";
import type { Batch, Plan } from "../core/plan/plan.ts";
import type { PlannedCustomer } from "../core/plan/planned-customer.ts";
import { fromBatchItem, toCustomersText, toProgressItem } from "./batch-item.ts";
import { pad, rolloutKey } from "./keys.ts";
import { ABSENT, type Item, type Key, type Table } from "./table.ts";

/** The batches of a plan with intentions and outcomes. */
export function createBatches(table: Table) {
  function query(rolloutId: string, prefix: "batch#" | "settled#", attributes?: readonly string[]) {
    return table.query(rolloutKey(rolloutId, prefix), attributes);
  }

  return {
    /** Keeps a batch that exists already: it may have outcomes. */
    async putBatch(rolloutId: string, index: number, customers: readonly PlannedCustomer[]): Promise<void> {
      await table.putIf(toKey(rolloutId, index), { ...toItem(customers, []), revision: 0 }, { pk: ABSENT });
    },
    async putSettled(rolloutId: string, index: number, outcomes: readonly Outcome[]): Promise<void> {
      const customers = outcomes.map(({ customerId: id, name, referenceId }) => ({ id, name, referenceId }));
      await table.put(toSettledKey(rolloutId, index), toItem(customers, outcomes));
    },
    async getBatch(rolloutId: string, index: number): Promise<Batch> {
      const item = await table.get(toKey(rolloutId, index));
      if (item === undefined) throw new FinalError({ code: "batch-missing", rolloutId, index });
      return { rolloutId, index, ...fromBatchItem(item), revision: item.revision as number };
    },
    /**
     * Refused when another execution wrote the batch since it was read, for example an execution that lost the lock and
     * has not noticed it yet. The step then runs again and continues from what the ledger has.
     */
    async recordBatch(batch: Batch): Promise<Batch> {
      const { rolloutId } = batch;
      const revision = batch.revision + 1;
      const progress = toProgressItem(batch);
      // A rollback that is paused before its first request removes its intention, with all its attributes.
      const remove = "restoring" in progress ? [] : ["restoring", "rollback", "rolledBackBy"];
      const change = { set: { ...progress, revision }, remove };
      const asRead = { revision: batch.revision };
      if (await table.updateIf(toKey(rolloutId, batch.index), change, asRead)) return { ...batch, revision };
      throw new ContestedBatchError(rolloutId, batch.index);
    },
    /**
     * Items of a rollout by their places, up to the first that does not exist: the batches of the plan, what the plan
     * settles, then the batches of customers that appeared.
     */
    async readPlanItems(rolloutId: string, plan: PlanSize, places: readonly number[]) {
      const items = await table.getAll(places.map((place) => toPlaceKey(rolloutId, plan, place)));
      const missing = items.indexOf(undefined);
      return (items.slice(0, missing === -1 ? undefined : missing) as Item[]).map((item) => ({
        ...fromBatchItem(item),
        writtenAtMs: item.writtenAtMs as number,
      }));
    },
    /** Where the plan has each customer: see `customer-index.ts`. */
    async putCustomerIndex(rolloutId: string, index: number, entries: Float64Array): Promise<void> {
      await table.put(toIndexKey(rolloutId, index), {
        entries: Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength),
      });
    },
    async readCustomerIndex(rolloutId: string, index: number): Promise<Float64Array> {
      const bytes = (await table.get(toIndexKey(rolloutId, index)))?.entries as Uint8Array | undefined;
      return new Float64Array(new Uint8Array(bytes ?? []).buffer);
    },
    async *readBatches(rolloutId: string): AsyncGenerator<ReturnType<typeof fromBatchItem>> {
      for await (const item of query(rolloutId, "batch#")) yield fromBatchItem(item);
    },
    async *readRestoreOutcomes(rolloutId: string): AsyncGenerator<readonly Outcome[]> {
      for await (const item of query(rolloutId, "batch#", ["customers", "rollback"])) {
        yield fromBatchItem(item).rollback;
      }
    },
    async *readOutcomes(rolloutId: string): AsyncGenerator<readonly Outcome[]> {
      for (const prefix of ["settled#", "batch#"] as const) {
        for await (const item of query(rolloutId, prefix, ["customers", "outcomes"])) {
          yield fromBatchItem(item).outcomes;
        }
      }
    },
  };
}

function toItem(customers: readonly PlannedCustomer[], outcomes: readonly Outcome[]): Item {
  const progress = toProgressItem({ customers, intended: [], outcomes, restoring: [], rollback: [] });
  return { customers: toCustomersText(customers), ...progress };
}

/** Another worker wrote the batch after this worker had read it. */
class ContestedBatchError extends Error {
  override readonly name = "ContestedBatchError";

  constructor(rolloutId: string, index: number) {
    super(`batch ${index} of rollout ${rolloutId} was written by another execution: two workers run the same rollout`);
  }
}

function toSettledKey(rolloutId: string, index: number): Key {
  return rolloutKey(rolloutId, `settled#${pad(index)}`);
}

function toIndexKey(rolloutId: string, index: number): Key {
  return rolloutKey(rolloutId, `customers#${pad(index)}`);
}

type PlanSize = Pick<Plan, "batches" | "settledItems">;

function toPlaceKey(rolloutId: string, { batches, settledItems }: PlanSize, place: number): Key {
  const isSettled = batches <= place && place < batches + settledItems;
  if (isSettled) return toSettledKey(rolloutId, place - batches);
  return toKey(rolloutId, place < batches ? place : place - settledItems);
}

function toKey(rolloutId: string, index: number): Key {
  return rolloutKey(rolloutId, `batch#${pad(index)}`);
}
