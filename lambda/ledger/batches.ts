import { FinalError } from "../rollout/final-error.ts";
import { OUTCOMES, type Outcome, type OutcomeKind } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Batch } from "../rollout/records.ts";
import { pad } from "./lookups.ts";
import { partitionOf } from "./rollouts.ts";
import type { Item, Key, Table } from "./table.ts";

type CustomerRow = readonly [id: string, name: string];
type OutcomeRow = readonly [id: string, name: string, kind: number, reason: string];

/** The batches of a plan, what is intended and what came of it. */
export function createBatches(table: Table) {
  return {
    /** A batch that is there already stays: it may have been worked on. */
    async putBatch(rolloutId: string, index: number, customers: readonly PlannedCustomer[]): Promise<void> {
      const rows = customers.map(({ id, name }): CustomerRow => [id, name]);
      const item = { customers: JSON.stringify(rows), intended: [], outcomes: "[]", revision: 0 };
      await table.putIf(toKey(rolloutId, index), item, { expression: "attribute_not_exists(pk)" });
    },
    async putSettled(rolloutId: string, index: number, outcomes: readonly Outcome[]): Promise<void> {
      await table.put({ pk: partitionOf(rolloutId), sk: `settled#${pad(index)}` }, { outcomes: toText(outcomes) });
    },
    async getBatch(rolloutId: string, index: number): Promise<Batch> {
      const item = await table.get(toKey(rolloutId, index));
      if (item === undefined)
        throw new FinalError(
          `the ledger has no batch ${index} of rollout ${rolloutId}: its plan was not written completely`,
        );
      return toBatch(index, item);
    },
    async recordBatch(rolloutId: string, batch: Batch): Promise<Batch> {
      const revision = batch.revision + 1;
      const set = { outcomes: toText(batch.outcomes), intended: batch.intended, revision };
      const condition = { expression: "#revision = :read", values: { ":read": batch.revision } };
      if (await table.updateIf(toKey(rolloutId, batch.index), { set }, condition)) return { ...batch, revision };
      throw new FinalError(
        `batch ${batch.index} of rollout ${rolloutId} was written by somebody else: two workers run the same rollout`,
      );
    },
    async *readOutcomes(rolloutId: string): AsyncGenerator<readonly Outcome[]> {
      for (const prefix of ["settled#", "batch#"]) {
        for await (const item of table.query(partitionOf(rolloutId), prefix, ["outcomes"]))
          yield fromText(item.outcomes as string);
      }
    },
  };
}

function toKey(rolloutId: string, index: number): Key {
  return { pk: partitionOf(rolloutId), sk: `batch#${pad(index)}` };
}

function toBatch(index: number, item: Item): Batch {
  return {
    index,
    customers: (JSON.parse(item.customers as string) as CustomerRow[]).map(([id, name]) => ({ id, name })),
    intended: item.intended as string[],
    outcomes: fromText(item.outcomes as string),
    revision: item.revision as number,
  };
}

function toText(outcomes: readonly Outcome[]): string {
  return JSON.stringify(
    outcomes.map(
      ({ customerId, name, outcome, reason }): OutcomeRow => [customerId, name, OUTCOMES.indexOf(outcome), reason],
    ),
  );
}

function fromText(text: string): readonly Outcome[] {
  return (JSON.parse(text) as OutcomeRow[]).map(([customerId, name, kind, reason]) => ({
    customerId,
    name,
    outcome: OUTCOMES[kind] as OutcomeKind,
    reason,
  }));
}
