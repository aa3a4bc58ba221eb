import { createBatches } from "./batches.ts";
import { createControls } from "./controls.ts";
import { createGateRecords } from "./gate-records.ts";
import { createLock } from "./lock.ts";
import { createLookups } from "./lookups.ts";
import { createRolloutIndexes } from "./rollout-indexes.ts";
import { createRolloutRecords } from "./rollouts.ts";
import { createSignIns } from "./sign-ins.ts";
import { createStepAttempts } from "./step-attempts.ts";
import type { Table } from "./table.ts";

/** The durable record of all rollouts of one environment, in one table. */
export function createLedger(table: Table, environment: string) {
  const { readControls, takeLock, releaseLock } = createLock(table, environment);
  return {
    ...createRolloutRecords(table, environment),
    ...createRolloutIndexes(table, environment),
    ...{ readControls, takeLock, releaseLock },
    ...createControls(table, environment),
    ...createGateRecords(table, environment),
    ...createLookups(table),
    ...createBatches(table),
    ...createStepAttempts(table),
    ...createSignIns(table, environment),
  };
}
