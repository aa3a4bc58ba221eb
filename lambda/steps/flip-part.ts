import { toLimits } from "../events/accept.ts";
import { wantedFlag } from "../events/deploy-event.ts";
import { allowedFailures } from "../rollout/failure-budget.ts";
import { addCounts, type Counts, countOutcomes, NO_COUNTS, totalOf } from "../rollout/outcome.ts";
import type { Plan } from "../rollout/plan.ts";
import type { Batch, Lock } from "../rollout/records.ts";
import { createJudge, toSelection } from "../rollout/selection.ts";
import { type BatchResult, type BatchRun, flipBatch, recordNotAttempted } from "./flip-batch.ts";
import { createLockCheck } from "./hold-lock.ts";
import { countIdle, type Progress, type Rollout, runPart, type StepRun } from "./part.ts";
import type { Connection, Ports } from "./ports.ts";

/** Where the flipping is: counters only. */
export interface FlipProgress extends Progress {
  /** The first batch that is not finished. */
  readonly batch: number;
  /** Of the finished batches. */
  readonly counts: Counts;
  /** How many customers of that first batch have an outcome. */
  readonly settledInBatch: number;
  /** Why nobody else is flipped: who is left is recorded as skipped. */
  readonly stopped?: string | undefined;
  /** Whether nobody is read any more either: who may have been flipped is recorded as failed. */
  readonly blind?: boolean | undefined;
}

export const FLIP_START: FlipProgress = { done: false, idleParts: 0, batch: 0, counts: NO_COUNTS, settledInBatch: 0 };

export type LockedRollout = Rollout & { readonly lock: Lock };

interface PartWork {
  readonly plan: Plan;
  readonly from: FlipProgress;
}

/** Works through batches until the time budget ends. What an earlier run of this part finished is only counted. */
export async function flipPart(
  ports: Ports,
  rollout: LockedRollout,
  run: StepRun,
  { plan, from }: PartWork,
): Promise<FlipProgress> {
  const begun = await skipFinished(ports, rollout, plan, from);
  const options = { run, pace: from.pace, mark: `batch ${begun.batch}, ${begun.settledInBatch} settled` };
  return runPart(ports, rollout, options, async ({ connection, untilMs }) => {
    const batchRun = toBatchRun(ports, rollout, plan, { connection, untilMs });
    let progress = begun;
    for (let goesOn = true; goesOn && progress.batch < plan.batches; ) {
      const next = await workThrough(batchRun, progress);
      // Whoever is left of a batch had no time: the next part has, and trying again at once would not be slower.
      goesOn = (next.batch > progress.batch || next.stopped !== progress.stopped) && ports.nowMs() < untilMs;
      progress = next;
      ports.log.info("batch recorded", toLogFields(rollout, plan, progress, connection));
    }
    const cameFurther = progress.batch > begun.batch || progress.settledInBatch > begun.settledInBatch;
    const done = progress.batch >= plan.batches;
    return { ...progress, done, pace: connection.pace(), idleParts: countIdle(from, done || cameFurther) };
  });
}

async function workThrough(run: BatchRun, progress: FlipProgress): Promise<FlipProgress> {
  const batch = await run.ports.ledger.getBatch(run.rolloutId, progress.batch);
  const { recorded, stopped } = await work(run, batch, progress);
  if (recorded.outcomes.length < recorded.customers.length)
    return { ...progress, settledInBatch: recorded.outcomes.length, stopped };
  return {
    ...progress,
    batch: progress.batch + 1,
    settledInBatch: 0,
    counts: addCounts(progress.counts, countOutcomes(recorded.outcomes)),
    stopped,
  };
}

/** A worker that died after it had stopped left its failures in the ledger: they still stop the rollout. */
async function work(run: BatchRun, batch: Batch, progress: FlipProgress): Promise<BatchResult> {
  const { counts, blind = false } = progress;
  const stopped = progress.stopped ?? run.budgetStop(counts.failed + countOutcomes(batch.outcomes).failed);
  if (stopped === undefined) return flipBatch(run, batch, counts.failed);
  return recordNotAttempted(run, batch, { stopped, blind });
}

/**
 * How to go on after a part that failed for good: without flips, then without any request, so that every customer has
 * its outcome; when not even that can be recorded, the rollout ends there.
 */
export function afterFailure(from: FlipProgress, problem: string): FlipProgress {
  if (from.stopped === undefined) return { ...from, idleParts: 0, stopped: problem };
  if (!from.blind) return { ...from, idleParts: 0, blind: true };
  return { ...from, done: true, stopped: `${from.stopped}; not every outcome could be recorded: ${problem}` };
}

/** Where the ledger says that the flipping is: further than the progress when this part was begun before. */
async function skipFinished(
  { ledger }: Ports,
  { rolloutId }: Rollout,
  plan: Plan,
  from: FlipProgress,
): Promise<FlipProgress> {
  let { batch, counts } = from;
  for (; batch < plan.batches; batch += 1) {
    const { customers, outcomes } = await ledger.getBatch(rolloutId, batch);
    if (outcomes.length < customers.length) return { ...from, batch, counts, settledInBatch: outcomes.length };
    counts = addCounts(counts, countOutcomes(outcomes));
  }
  return { ...from, batch, counts, settledInBatch: 0 };
}

function toBatchRun(
  ports: Ports,
  rollout: LockedRollout,
  plan: Plan,
  part: { readonly connection: Connection; readonly untilMs: number },
): BatchRun {
  const { failureBudget, concurrency } = toLimits(rollout.event, ports.policy);
  const allowed = allowedFailures(failureBudget, plan.flip, ports.policy.smallestSample);
  return {
    ports,
    rolloutId: rollout.rolloutId,
    ...part,
    lockCheck: createLockCheck(ports, rollout.lock),
    judge: createJudge(toSelection(rollout.event, ports.policy)),
    wantedFlag: wantedFlag(rollout.event.action),
    concurrency,
    budgetStop: (failed) =>
      failed > allowed
        ? `at least ${failed} ${failed === 1 ? "customer" : "customers"} failed, and the failure budget allows ${allowed} of ${plan.flip}`
        : undefined,
  };
}

function toLogFields(
  { rolloutId }: Rollout,
  plan: Plan,
  { batch, counts, settledInBatch }: FlipProgress,
  connection: Connection,
) {
  return {
    rolloutId,
    batches: batch,
    done: totalOf(counts) + settledInBatch,
    total: plan.flip,
    failed: counts.failed,
    pacePerSecond: Math.round(connection.pace().perSecond * 10) / 10,
  };
}
