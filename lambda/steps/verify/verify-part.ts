import { toLimits } from "../../contract/accept-deploy-event.ts";
import type { CommandState } from "../../core/gate/apply-commands.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import type { Task } from "../flip/batch-run.ts";
import { createStopSignal } from "../flip/stop-signal.ts";
import { createGuard } from "../gate/guard.ts";
import type { GateConfig } from "../gate/poll-gate.ts";
import type { Ports } from "../ports.ts";
import { countIdle, type Locked, type Progress, type Rollout, runPart, type StepRun } from "../run-part.ts";
import { verifyBatches } from "./verify-batches.ts";

/** Where a round of verification is: counters only. */
export interface VerifyProgress<Counts> extends Progress {
  readonly commandState: CommandState;
  /** The first batch that is not verified. */
  readonly position: number;
  /** Of the batches before it. */
  readonly counts: Counts;
  /** How many customers the flag was sent to once more in this round. */
  readonly sent: number;
  /** The fault that ended the round early. */
  readonly problem?: readonly Reason[] | undefined;
}

export interface VerifyWork<Counts> {
  readonly task: Task;
  /** The first batch that is not verified any more. */
  readonly to: number;
  readonly gateConfig: GateConfig;
  /** False in the last round. */
  readonly maySend: boolean;
  readonly count: (counts: Counts, batch: Batch) => Counts;
  readonly from: VerifyProgress<Counts>;
}

/** Verifies batches until all are done, the time budget ends, or the gate holds or stops the rollout. */
export async function verifyPart<Counts>(
  ports: Ports,
  rollout: Locked<Rollout>,
  run: StepRun,
  { task, to, gateConfig, maySend, count, from }: VerifyWork<Counts>,
): Promise<VerifyProgress<Counts>> {
  if (from.stop !== undefined) return { ...from, done: true };
  return runPart(ports, rollout, { run, pace: from.pace, mark: `batch ${from.position}` }, async (part) => {
    const { connection, untilMs } = part;
    const stopSignal = createStopSignal({ untilMs, nowMs: ports.nowMs });
    const { commandState } = from;
    // The failures that it finds count at the gate that follows.
    const guard = createGuard(ports, { ...rollout, gateConfig, commandState, stopSignal });
    const { concurrency } = toLimits(rollout.event, ports.policy);
    const batchRun = { task, ledger: ports.ledger, connection, concurrency, stopSignal, guard };
    let progress = from;
    await guard.runGuarded(connection, async () => {
      for await (const { position, batch, sent } of verifyBatches(batchRun, { from: from.position, to }, maySend)) {
        progress = {
          ...progress,
          position: position + 1,
          counts: count(progress.counts, batch),
          sent: progress.sent + sent,
        };
      }
    });
    const [stop, held] = [stopSignal.stopped(), stopSignal.isHeld()];
    const done = stop !== undefined || progress.position >= to;
    const idleParts = countIdle(from, done || held || progress.position > from.position);
    return { ...progress, done, stop, held, commandState: guard.commandState(), idleParts, pace: connection.pace() };
  });
}
