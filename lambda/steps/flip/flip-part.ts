import { addCounts, type Counts, countOutcomes, NO_COUNTS, totalOf } from "../../core/flip/outcome.ts";
import { type CommandState, NO_COMMANDS } from "../../core/gate/apply-commands.ts";
import { findBudgetStop } from "../../core/gate/failure-limit.ts";
import { FLIP_SHARE, stopToKeepReserve } from "../../core/gate/rollback-reserve.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import type { GateConfig } from "../gate/gate-config.ts";
import type { Ports } from "../ports.ts";
import {
  countIdle,
  type FlipRollout,
  type Locked,
  type Part,
  type Progress,
  runPart,
  type StepRun,
} from "../run-part.ts";
import { createFlipTask, type RecordedBatch, type Task } from "./batch-run.ts";
import { flipBatches } from "./flip-batches.ts";
import { runGuarded } from "./run-guarded.ts";
import { skipBatches } from "./skip-batch.ts";
import { createStopSignal } from "./stop-signal.ts";

/** How far the flips have come: counters only. */
export interface FlipProgress extends Progress {
  readonly commandState: CommandState;
  /** The first batch that is not finished. */
  readonly batch: number;
  /** How many customers of the batch `batch` have an outcome. */
  readonly settledInBatch: number;
  /** Of the finished batches. */
  readonly counts: Counts;
  /** The first batch that is not verified, and the counts of the batches before it. */
  readonly verified: { readonly batch: number; readonly counts: Counts };
  /** The fault that stopped the rollout. The decision of a gate or a command is `stop`. */
  readonly problem?: readonly Reason[] | undefined;
  /** A stopped rollout reads no customer any more: a customer that may have been flipped stays in doubt. */
  readonly readsNoMore?: boolean | undefined;
}

export const FLIP_START: FlipProgress = {
  done: false,
  idleParts: 0,
  commandState: NO_COMMANDS,
  batch: 0,
  settledInBatch: 0,
  counts: NO_COUNTS,
  verified: { batch: 0, counts: NO_COUNTS },
};

export interface FlipWork {
  readonly plan: Plan;
  readonly gateConfig: GateConfig;
  readonly from: FlipProgress;
  /** The first batch of the next wave. */
  readonly to: number;
}

/**
 * Flips batches until they are done, the time budget ends, or something holds or stops the rollout. What an earlier run
 * of this part finished is only counted.
 */
export async function flipPart(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  run: StepRun,
  work: FlipWork,
): Promise<FlipProgress> {
  const { from, plan, to } = work;
  if (whyStopped(from) !== undefined) return { ...from, done: true };
  const task = await createFlipTask(ports, rollout);
  const unfinished = await findUnfinished(task, work);
  const used = { operations: run.operations ?? 0, elapsedMs: ports.nowMs() - rollout.startedAtMs };
  const begun = { ...unfinished, stop: unfinished.stop ?? stopToKeepReserve(used, FLIP_SHARE) };
  if (whyStopped(begun) !== undefined) return { ...begun, done: true };
  return runPart(ports, rollout, toOptions(run, begun), async (part) => {
    const { commandState, counts } = begun;
    const guarded = { part, task, gateConfig: work.gateConfig, commandState, failed: counts.failed };
    const { result: flipped, end } = await runGuarded(ports, rollout, guarded, (batchRun) =>
      follow({ ...part, plan }, begun, flipBatches(batchRun, { from: begun.batch, to })),
    );
    const done = end.stop !== undefined || flipped.batch >= to;
    const idleParts = countIdle(from, done || end.held === true || isFurther(begun, flipped));
    return { ...flipped, ...end, done, idleParts };
  });
}

/**
 * In a stopped rollout: gives every customer that is left an outcome, and reads those that may have been flipped once more.
 * No customer is flipped any more.
 */
export async function skipRemainingPart(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  run: StepRun,
  work: Omit<FlipWork, "gateConfig">,
): Promise<FlipProgress> {
  const { from, plan, to } = work;
  const why = whyStopped(from);
  if (why === undefined || from.batch >= to) return { ...from, done: true };
  const task = await createFlipTask(ports, rollout);
  return runPart(ports, rollout, toOptions(run, from), async ({ connection, log, concurrency, untilMs }) => {
    const stopSignal = createStopSignal({ untilMs, nowMs: ports.nowMs });
    const skipRun = { task, ledger: ports.ledger, connection, concurrency, stopSignal };
    const skipped = skipBatches(skipRun, { from: from.batch, to }, { why, readsNoMore: from.readsNoMore ?? false });
    const left = await follow({ log, plan, connection }, from, skipped);
    const done = left.batch >= to;
    return { ...left, done, idleParts: countIdle(from, done || isFurther(from, left)), pace: connection.pace() };
  });
}

/**
 * How the work continues after a part that failed for good: first without flips, then without any request, so that every
 * customer has an outcome. When the outcomes cannot be recorded either, the rollout ends.
 */
export function afterFailure(from: FlipProgress, problem: readonly Reason[]): FlipProgress {
  if (whyStopped(from) === undefined) return { ...from, idleParts: 0, problem };
  if (!from.readsNoMore) return { ...from, idleParts: 0, readsNoMore: true };
  const notRecorded: Reason = { code: "outcomes-not-recorded", why: problem };
  return { ...from, done: true, problem: [...(from.problem ?? []), notRecorded] };
}

/** Why no further customer is flipped; undefined while flips continue. */
export function whyStopped({ stop, problem }: Pick<FlipProgress, "stop" | "problem">): readonly Reason[] | undefined {
  return problem ?? stop?.reasons;
}

/**
 * The progress by the ledger: further than `from` when an earlier run of this part died. The failures that such a run
 * recorded still stop the rollout.
 */
async function findUnfinished(task: Task, { from, to, gateConfig }: FlipWork): Promise<FlipProgress> {
  const findStop = ({ stop, counts }: FlipProgress, failures = 0) =>
    stop ?? findBudgetStop({ failed: counts.failed + failures }, gateConfig.rules);
  let progress: FlipProgress = { ...from, settledInBatch: 0 };
  while (progress.batch < to) {
    const batch = await task.read(progress.batch);
    const { customers, outcomes } = task.open(batch);
    const left = customers.length - outcomes.length;
    const next = advance(progress, { position: progress.batch, batch, left });
    if (left > 0) {
      return { ...next, stop: findStop(progress, countOutcomes(outcomes).failed) };
    }
    progress = next;
  }
  return { ...progress, stop: findStop(progress) };
}

interface Following extends Pick<Part, "connection" | "log"> {
  readonly plan: Plan;
}

async function follow(
  { log, plan, connection }: Following,
  from: FlipProgress,
  recordedBatches: AsyncIterable<RecordedBatch>,
): Promise<FlipProgress> {
  let progress = from;
  for await (const recorded of recordedBatches) {
    progress = advance(progress, recorded);
    log.info("batch recorded", {
      batches: progress.batch,
      done: totalOf(progress.counts) + progress.settledInBatch,
      total: plan.flip,
      wave: plan.waves.find((wave) => wave.from <= recorded.position && recorded.position < wave.to)?.wave,
      waves: plan.waves.length,
      failed: progress.counts.failed,
      pacePerSecond: Math.round(connection.pace().perSecond * 10) / 10,
    });
  }
  return progress;
}

/** The batch after an unfinished batch may arrive too. It is counted later, when the unfinished batch is done. */
function advance(progress: FlipProgress, { position, batch, left }: RecordedBatch): FlipProgress {
  if (position !== progress.batch) return progress;
  if (left > 0) return { ...progress, settledInBatch: batch.outcomes.length };
  const counts = addCounts(progress.counts, countOutcomes(batch.outcomes));
  return { ...progress, batch: position + 1, settledInBatch: 0, counts };
}

function isFurther(before: FlipProgress, after: FlipProgress): boolean {
  return after.batch > before.batch || after.settledInBatch > before.settledInBatch;
}

function toOptions(run: StepRun, { pace, batch, settledInBatch }: FlipProgress) {
  return { run, pace, mark: `batch ${batch}, ${settledInBatch} settled` };
}
