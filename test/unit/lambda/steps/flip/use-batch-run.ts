import { NO_COMMANDS } from "../../../../../lambda/core/gate/apply-commands.ts";
import type { CustomerFacts } from "../../../../../lambda/core/lookup/selection.ts";
import type { Batch } from "../../../../../lambda/core/plan/plan.ts";
import { type BatchRun, createFlipTask } from "../../../../../lambda/steps/flip/batch-run.ts";
import { createStopSignal } from "../../../../../lambda/steps/flip/stop-signal.ts";
import { type GateConfig, ROLLBACK_GATE } from "../../../../../lambda/steps/gate/gate-config.ts";
import { createGuard } from "../../../../../lambda/steps/gate/guard.ts";
import { aRollout, CONTROLS, type Fakes, fakePorts, LOCK, ONE_BY_ONE, useLedgerWorld } from "../fake-ports.ts";

const BEGUN_MS = 1_000_000;
export const UNTIL_MS = BEGUN_MS + 600_000;

interface Given extends Partial<Fakes> {
  readonly batches: readonly (readonly CustomerFacts[])[];
  /** What an earlier run of the first batch intended. */
  readonly intended?: readonly string[];
  readonly gateConfig?: GateConfig;
}

/** Runs over the batches of a new rollout, with one request in flight and a clock that a test moves. */
export function useBatchRun() {
  const world = useLedgerWorld();
  const clock = { nowMs: BEGUN_MS };
  let rollouts = 0;

  async function given({ batches, intended = [], gateConfig = ROLLBACK_GATE, ...fakes }: Given) {
    clock.nowMs = BEGUN_MS;
    rollouts += 1;
    const rolloutId = `rollout-${rollouts}`;
    const records: Batch[] = [];
    const ports = fakePorts(world(), {
      ...{ customers: batches.flat(), nowMs: () => clock.nowMs, ...fakes },
      ledger: { readControls: async () => CONTROLS, ...fakes.ledger },
    });
    const { ledger, nowMs } = ports;
    for (const [index, customers] of batches.entries()) await ledger.putBatch(rolloutId, index, customers);
    const batchOf = (index: number) => ledger.getBatch(rolloutId, index);
    await ledger.recordBatch({ ...(await batchOf(0)), intended });
    const stopSignal = createStopSignal({ untilMs: UNTIL_MS, nowMs });
    const run: BatchRun = {
      task: await createFlipTask(ports, aRollout(rolloutId)),
      ledger: {
        recordBatch: async (batch) => {
          const recorded = await ledger.recordBatch(batch);
          records.push(batch);
          return recorded;
        },
      },
      connection: ports.evoVoice.connect(ONE_BY_ONE),
      guard: createGuard(ports, { rolloutId, lock: LOCK, gateConfig, commandState: NO_COMMANDS, stopSignal }),
      ...{ concurrency: 1, stopSignal, nowMs },
    };
    return { run, records, batchOf, range: { from: 0, to: batches.length } };
  }
  return { given, clock };
}
