import { FinalError } from "../core/final-error.ts";
import { OUTCOMES, type Outcome, type OutcomeKind } from "../core/flip/outcome.ts";
import type { Batch, PlannedCustomer } from "../core/plan/plan.ts";
import type { Reason } from "../core/reasons.ts";
import { fromBatchItem, toCustomersText, toProgressItem } from "./batch-item.ts";
import { pad } from "./lookups.ts";
import { partitionOf } from "./rollouts.ts";
import type { Key, Table } from "./table.ts";

type SettledRow = readonly [id: string, name: string, kind: number, reason: Reason];

/** The batches of a plan with intentions and outcomes. */
export function createBatches(table: Table) {
  return {
    /** Keeps a batch that exists already: it may have outcomes. */
    async putBatch(rolloutId: string, index: number, customers: readonly PlannedCustomer[]): Promise<void> {
      const nothing = toProgressItem({ customers, intended: [], outcomes: [], restoring: [], rollback: [] });
      const item = { customers: toCustomersText(customers), ...nothing, revision: 0 };
      await table.putIf(toKey(rolloutId, index), item, { expression: "attribute_not_exists(pk)" });
    },
    async putSettled(rolloutId: string, index: number, outcomes: readonly Outcome[]): Promise<void> {
      await table.put({ pk: partitionOf(rolloutId), sk: `settled#${pad(index)}` }, { outcomes: toText(outcomes) });
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
      const condition = { expression: "#revision = :read", values: { ":read": batch.revision } };
      if (await table.updateIf(toKey(rolloutId, batch.index), change, condition)) return { ...batch, revision };
      throw new ContestedBatchError(rolloutId, batch.index);
    },
    async *readBatches(rolloutId: string): AsyncGenerator<ReturnType<typeof fromBatchItem>> {
      for await (const item of table.query(partitionOf(rolloutId), "batch#")) yield fromBatchItem(item);
    },
    async *readRestoreOutcomes(rolloutId: string): AsyncGenerator<readonly Outcome[]> {
      for await (const item of table.query(partitionOf(rolloutId), "batch#", ["customers", "rollback"])) {
        yield fromBatchItem(item).rollback;
      }
    },
    async *readOutcomes(rolloutId: string): AsyncGenerator<readonly Outcome[]> {
      const partition = partitionOf(rolloutId);
      for await (const item of table.query(partition, "settled#", ["outcomes"]))
        yield fromText(item.outcomes as string);
      for await (const item of table.query(partition, "batch#", ["customers", "outcomes"])) {
        yield fromBatchItem(item).outcomes;
      }
    },
  };
}

/** Another worker wrote the batch after this worker had read it. */
class ContestedBatchError extends Error {
  override readonly name = "ContestedBatchError";

  constructor(rolloutId: string, index: number) {
    super(`batch ${index} of rollout ${rolloutId} was written by somebody else: two workers run the same rollout`);
  }
}

function toKey(rolloutId: string, index: number): Key {
  return { pk: partitionOf(rolloutId), sk: `batch#${pad(index)}` };
}

function toText(outcomes: readonly Outcome[]): string {
  return JSON.stringify(
    outcomes.map(
      ({ customerId, name, outcome, reason }): SettledRow => [customerId, name, OUTCOMES.indexOf(outcome), reason],
    ),
  );
}

function fromText(text: string): readonly Outcome[] {
  return (JSON.parse(text) as SettledRow[]).map(([customerId, name, kind, reason]) => ({
    customerId,
    name,
    outcome: OUTCOMES[kind] as OutcomeKind,
    reason,
  }));
}
