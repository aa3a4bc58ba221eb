import { toLimits } from "../events/accept.ts";
import { wantedFlag } from "../events/deploy-event.ts";
import { allowedFailures } from "../rollout/failure-budget.ts";
import { addCounts, type Counts, countOutcomes, NO_COUNTS, totalOf } from "../rollout/outcome.ts";
import type { Plan } from "../rollout/plan.ts";
import type { Batch, Lock } from "../rollout/records.ts";
import { createJudge, toSelection } from "../rollout/selection.ts";
import type { BatchRun } from "./batch-run.ts";
import { type BudgetStop, createBrake } from "./brake.ts";
import { flipBatches } from "./flip-batches.ts";
import { createLockCheck } from "./hold-lock.ts";
import { countIdle, type Progress, type Rollout, runPart, type StepRun } from "./part.ts";
import type { Connection, Ports } from "./ports.ts";
import { skipBatches } from "./skip-batch.ts";

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
  const budgetStop = createBudgetStop(ports, rollout, plan);
  const begun = await skipFinished(ports, rollout, { plan, from, budgetStop });
  const options = { run, pace: from.pace, mark: `batch ${begun.batch}, ${begun.settledInBatch} settled` };
  return runPart(ports, rollout, options, async ({ connection, untilMs }) => {
    const batchRun = toBatchRun(ports, rollout, connection);
    let progress = begun;
    const follow = async (recordedBatches: AsyncIterable<Batch>) => {
      for await (const recorded of recordedBatches) {
        progress = advance(progress, recorded);
        ports.log.info("batch recorded", toLogFields(rollout, plan, progress, connection));
      }
    };
    if (progress.stopped === undefined) {
      const brake = createBrake({ untilMs, nowMs: ports.nowMs, failed: begun.counts.failed, budgetStop });
      await follow(flipBatches({ ...batchRun, brake }, { from: begun.batch, to: plan.batches }));
      progress = { ...progress, stopped: brake.stopped() };
    }
    const { stopped, blind = false } = progress;
    if (stopped !== undefined) {
      const brake = createBrake({ untilMs, nowMs: ports.nowMs });
      const range = { from: progress.batch, to: plan.batches };
      await follow(skipBatches({ ...batchRun, brake }, range, { stopped, blind }));
    }
    const cameFurther = progress.batch > begun.batch || progress.settledInBatch > begun.settledInBatch;
    const done = progress.batch >= plan.batches;
    return { ...progress, done, pace: connection.pace(), idleParts: countIdle(from, done || cameFurther) };
  });
}

/** Batches are given in order, but the one after an unfinished one may be given too: it is counted when its turn comes. */
function advance(progress: FlipProgress, { index, customers, outcomes }: Batch): FlipProgress {
  if (index !== progress.batch) return progress;
  if (outcomes.length < customers.length) return { ...progress, settledInBatch: outcomes.length };
  const counts = addCounts(progress.counts, countOutcomes(outcomes));
  return { ...progress, batch: index + 1, settledInBatch: 0, counts };
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

function createBudgetStop({ policy }: Ports, { event }: Rollout, plan: Plan): BudgetStop {
  const { failureBudget } = toLimits(event, policy);
  const allowed = allowedFailures(failureBudget, plan.flip, policy.smallestSample);
  return (failed) =>
    failed > allowed
      ? `at least ${failed} ${failed === 1 ? "customer" : "customers"} failed, and the failure budget allows ${allowed} of ${plan.flip}`
      : undefined;
}

/**
 * Where the ledger says that the flipping is: further than the progress when this part was begun before. A worker that
 * died after it had stopped left its failures there: they still stop the rollout.
 */
async function skipFinished(
  { ledger }: Ports,
  { rolloutId }: Rollout,
  { plan, from, budgetStop }: PartWork & { readonly budgetStop: BudgetStop },
): Promise<FlipProgress> {
  let progress: FlipProgress = { ...from, settledInBatch: 0 };
  while (progress.batch < plan.batches) {
    const batch = await ledger.getBatch(rolloutId, progress.batch);
    const next = advance(progress, batch);
    if (next.batch === progress.batch) {
      const failed = progress.counts.failed + countOutcomes(batch.outcomes).failed;
      return { ...next, stopped: from.stopped ?? budgetStop(failed) };
    }
    progress = next;
  }
  return progress;
}

function toBatchRun(ports: Ports, rollout: LockedRollout, connection: Connection): Omit<BatchRun, "brake"> {
  return {
    ledger: ports.ledger,
    rolloutId: rollout.rolloutId,
    connection,
    lockCheck: createLockCheck(ports, rollout.lock),
    judge: createJudge(toSelection(rollout.event, ports.policy)),
    wantedFlag: wantedFlag(rollout.event.action),
    concurrency: toLimits(rollout.event, ports.policy).concurrency,
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
