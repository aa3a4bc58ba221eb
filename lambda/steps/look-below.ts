import { chunk } from "../rollout/chunk.ts";
import type { DescendantList } from "../rollout/kin.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { LookingRun, Work } from "./batch-run.ts";
import { inParallel } from "./in-parallel.ts";
import type { Readings } from "./read-afresh.ts";

/** A batch before anybody of it is settled. */
export interface Looked {
  readonly customers: readonly PlannedCustomer[];
  readonly readings: Readings;
  /** The outcome that needs no flip. */
  readonly decide: Work["settle"];
}

/** Takes in who is below these customers. */
export type Learn = (ids: readonly string[], below: DescendantList) => Promise<void>;

/**
 * Lists whom Evo Voice may move along with those of a batch who are about to be flipped, the descendants of a hundred
 * customers with one request. Where that was not known in time, the reading is left out.
 */
export async function lookBelow(
  run: LookingRun,
  { customers, readings, decide }: Looked,
  learn: Learn,
): Promise<Readings> {
  const open = customers.filter(({ id, name }) => {
    const fresh = readings.get(id);
    return fresh !== undefined && decide({ id, name }, fresh) === undefined;
  });
  const unknown = new Set(open.map(({ id }) => id));
  await inParallel(run, chunk(open), async (some) => {
    const ids = some.map(({ id }) => id);
    await learn(ids, await run.connection.listDescendants(ids));
    for (const id of ids) unknown.delete(id);
  });
  run.brake.throwError();
  return unknown.size === 0 ? readings : new Map([...readings].filter(([id]) => !unknown.has(id)));
}

/** What becomes of a customer of whom it cannot be known who is below. */
export function toUnknownBelow(reason: string): { readonly outcome: "failed"; readonly reason: string } {
  return { outcome: "failed", reason: `it is not known whom Evo Voice would move along with it: ${reason}` };
}
