import type { CommandState } from "../../core/gate/apply-commands.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import type { Task } from "../flip/batch-run.ts";
import { runGuarded } from "../flip/run-guarded.ts";
import type { GateConfig } from "../gate/gate-config.ts";
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
    let progress = from;
    // The failures that it finds count at the gate that follows.
    const guarded = { part, task, gateConfig, commandState: from.commandState };
    const { end } = await runGuarded(ports, rollout, guarded, async (batchRun) => {
      for await (const { position, batch, sent } of verifyBatches(batchRun, { from: from.position, to }, maySend)) {
        progress = {
          ...progress,
          position: position + 1,
          counts: count(progress.counts, batch),
          sent: progress.sent + sent,
        };
      }
    });
    const done = end.stop !== undefined || progress.position >= to;
    const idleParts = countIdle(from, done || end.held === true || progress.position > from.position);
    return { ...progress, ...end, done, idleParts };
  });
}
