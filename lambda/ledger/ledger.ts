import { createBatches } from "./batches.ts";
import { createLookups } from "./lookups.ts";
import { createOrders } from "./orders.ts";
import { createRefusals } from "./refusals.ts";
import { createRolloutRecords } from "./rollouts.ts";
import { createRuns } from "./runs.ts";
import type { Table } from "./table.ts";

/** The durable record of everything that a rollout of one environment does, in one table. */
export function createLedger(table: Table, environment: string) {
  const { readOrders, takeLock, releaseLock } = createOrders(table, environment);
  const refusals = createRefusals(table, environment);
  return {
    ...createRolloutRecords(table),
    ...{ readOrders, takeLock, releaseLock },
    ...createLookups(table),
    ...createBatches(table),
    ...createRuns(table),
    ...refusals,
  };
}
