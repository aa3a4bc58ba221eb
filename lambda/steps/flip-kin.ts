import type { Batch } from "../rollout/batch.ts";
import { chunk } from "../rollout/chunk.ts";
import { type FlipKin, findAbove, findKeptParents, findMoved } from "../rollout/kin.ts";
import type { Outcome } from "../rollout/outcome.ts";
import type { PlannedCustomer, PlannedWave } from "../rollout/plan.ts";
import type { LookingRun } from "./batch-run.ts";
import { type Looked, lookBelow, toUnknownBelow } from "./look-below.ts";
import type { Ledger } from "./ports.ts";
import type { Readings } from "./read-afresh.ts";

/** What a flip has to know of families: nobody is moved along with a parent but whom the plan flips as well. */
export interface KinOfBatch {
  /** Before anybody of the batch is settled. Whoever's descendants were not listed in time is in no reading any more. */
  lookAround(run: LookingRun, looked: Looked): Promise<Readings>;
  /** Whoever must not be flipped because of a descendant. */
  settleHeld(customer: PlannedCustomer): Outcome | undefined;
}

export interface FlipKinOptions extends Pick<FlipKin, "judge"> {
  readonly ledger: Pick<Ledger, "getBatch">;
  readonly waves: readonly Pick<PlannedWave, "from" | "to">[];
  /** The flag to be set. */
  readonly flag: boolean;
}

/**
 * The plan knows the families as they were when it was made. Who has come into being since, or was protected, or moved to
 * another family, is seen here, right before a batch: with one request more for each hundred of its customers.
 */
export function createFlipKin({ ledger, waves, flag, judge }: FlipKinOptions, batch: Batch): KinOfBatch {
  const held = new Map<string, Pick<Outcome, "outcome" | "reason">>();

  /** This batch and those before it in its wave, the nearest first. */
  async function* readBack(): AsyncGenerator<Pick<Batch, "customers" | "outcomes">> {
    yield batch;
    const first = waves.find(({ from, to }) => from <= batch.index && batch.index < to)?.from ?? batch.index;
    for (let place = batch.index - 1; place >= first; place -= 1) yield await ledger.getBatch(batch.rolloutId, place);
  }

  /**
   * Who of these is flipped in this batch, or in one before it in its wave, and whether the ledger has the outcome. A family
   * stays in one wave, its descendants first: most are in this batch or in the one before.
   */
  async function findPlanned(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, boolean>> {
    const isDone = new Map<string, boolean>();
    for await (const { customers, outcomes } of readBack()) {
      const kinds = new Map(outcomes.map(({ customerId, outcome }) => [customerId, outcome]));
      for (const { id } of customers.filter((one) => ids.has(one.id)))
        isDone.set(id, (kinds.get(id) ?? "failed") !== "failed");
      if (isDone.size === ids.size) break;
    }
    return isDone;
  }

  /** Whoever was flipped since they were listed is looked at again: somebody else may have moved them back. */
  async function findMeant(ids: ReadonlySet<string>, { connection }: LookingRun): Promise<ReadonlySet<string>> {
    const planned = [...(await findPlanned(ids))];
    const meant = new Set(planned.flatMap(([id, isDone]) => (isDone ? [] : id)));
    for (const some of chunk(planned.flatMap(([id, isDone]) => (isDone ? id : []))))
      for (const { id, isStaging } of await connection.listCustomers(some)) if (isStaging === flag) meant.add(id);
    return meant;
  }

  return {
    lookAround: (run, looked) =>
      lookBelow(run, looked, async (ids, below) => {
        if (below.list === "unknown") {
          for (const [id, reason] of toUnknownBelow(ids, below.reason)) held.set(id, { outcome: "failed", reason });
          return;
        }
        const moved = findMoved(findAbove(below.customers, new Set(ids)), flag);
        const meant = await findMeant(new Set(moved.map(({ customer }) => customer.id)), run);
        for (const [id, reason] of findKeptParents(moved, { judge, isMeant: (one) => meant.has(one) }))
          held.set(id, { outcome: "skipped", reason });
      }),
    settleHeld({ id, name }) {
      const why = held.get(id);
      return why && { customerId: id, name, ...why };
    },
  };
}
