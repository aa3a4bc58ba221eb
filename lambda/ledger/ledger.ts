import { createBatches } from "./batches.ts";
import { createCommands } from "./commands.ts";
import { createControls } from "./controls.ts";
import { createGateState } from "./gate-state.ts";
import { createLatchedStop } from "./latched-stop.ts";
import { createLock } from "./lock.ts";
import { createLookups } from "./lookups.ts";
import { createPlans } from "./plans.ts";
import { createRefusedLogins } from "./refused-logins.ts";
import { createReleases } from "./releases.ts";
import { createRolloutRecords } from "./rollouts.ts";
import { createStepAttempts } from "./step-attempts.ts";
import type { Table } from "./table.ts";

/** The durable record of all rollouts of one environment, in one table. */
export function createLedger(table: Table, environment: string) {
  const { readControls, takeLock, releaseLock } = createLock(table, environment);
  return {
    ...createRolloutRecords(table),
    ...{ readControls, takeLock, releaseLock },
    ...createControls(table, environment),
    ...createCommands(table, environment),
    ...createLatchedStop(table),
    ...createGateState(table),
    ...createPlans(table, environment),
    ...createReleases(table, environment),
    ...createLookups(table),
    ...createBatches(table),
    ...createStepAttempts(table),
    ...createRefusedLogins(table, environment),
  };
}
