import { toLimits } from "../events/accept.ts";
import { toReason } from "../rollout/decision.ts";
import type { Subject } from "../rollout/records.ts";
import { addReverts, countReverts, NO_REVERTS, type RevertCounts } from "../rollout/revert.ts";
import type { Steering } from "../rollout/steering.ts";
import type { Task } from "./batch-run.ts";
import { createBrake } from "./brake.ts";
import { flipBatches } from "./flip-batches.ts";
import { createLookout } from "./lookout.ts";
import { countIdle, type Locked, type Progress, type Rollout, runPart, type StepRun } from "./part.ts";
import type { Ports } from "./ports.ts";
import { countPlaces, createRevertTask } from "./revert-task.ts";
import { NOT_WATCHED } from "./watch.ts";

/** Where a revert is: counters only. */
export interface RevertProgress extends Progress {
  readonly steering: Steering;
  /** Who could not be flipped back is tried again in a further pass. From 1. */
  readonly pass: number;
  /** The first place of this pass that is not done; the newest batch is at 0. */
  readonly place: number;
  /** Of the places of this pass that are done. */
  readonly counts: RevertCounts;
  /** What ended it early of itself. */
  readonly problem?: string | undefined;
}

/** What a revert came to. */
export interface Reverted {
  readonly counts: RevertCounts;
  /** Why it ended before it was through. */
  readonly problem?: string | undefined;
}

const MOST_PASSES = 3;

export function startRevert(steering: Steering): RevertProgress {
  return { done: false, idleParts: 0, steering, pass: 1, place: 0, counts: NO_REVERTS };
}

export interface RevertWork {
  readonly subject: Subject;
  readonly from: RevertProgress;
}

/**
 * Flips back, newest batch first, exactly those whom the ledger says the subject's rollouts flipped, and who still are
 * where those put them. The pace begins anew: a throttled rollout must not strand its rollback. Once it is stopped, it
 * only counts who is left.
 */
export async function revertPart(
  ports: Ports,
  rollout: Locked<Rollout>,
  run: StepRun,
  { subject, from }: RevertWork,
): Promise<RevertProgress> {
  const task = createRevertTask(ports, subject);
  const places = countPlaces(subject);
  if (isEnded(from)) return countRest(ports, task, from, places);
  const mark = `pass ${from.pass}, place ${from.place}, ${from.counts.flippedBack} flipped back`;
  return runPart(ports, rollout, { run, pace: from.pace, mark }, async ({ connection, untilMs }) => {
    const brake = createBrake({ untilMs, nowMs: ports.nowMs });
    const lookout = createLookout(ports, { ...rollout, watched: NOT_WATCHED, steering: from.steering, brake });
    const { concurrency } = toLimits(rollout.event, ports.policy);
    const batchRun = { task, ledger: ports.ledger, connection, concurrency, lookout, brake };
    let progress = from;
    for await (const { place, batch, left } of flipBatches(batchRun, { from: from.place, to: places })) {
      if (place !== progress.place || left > 0) continue;
      progress = { ...progress, place: place + 1, counts: addReverts(progress.counts, countReverts(batch)) };
      ports.log.info("batch flipped back", { rolloutId: rollout.rolloutId, batch: batch.index, ...progress.counts });
    }
    const [stop, held] = [brake.stopped(), brake.isHeld()];
    const next = progress.place >= places ? endPass(progress) : { ...progress, done: false };
    const idleParts = countIdle(from, next.done || held || stop !== undefined || progress.place > from.place);
    return { ...next, stop, held, steering: lookout.steering(), idleParts, pace: connection.pace() };
  });
}

/** A part that failed for good ends the revert; who is left is counted still. */
export function afterRevertFailure(from: RevertProgress, problem: string): RevertProgress {
  if (!isEnded(from)) return { ...from, idleParts: 0, problem };
  return { ...from, done: true, problem: `${from.problem ?? "stopped"}; who is left could not be counted: ${problem}` };
}

export function toReverted({ counts, stop, problem }: RevertProgress): Reverted {
  const why = problem ?? (stop && toReason(stop));
  return { counts, ...(why !== undefined && { problem: `the rollback ended before it was through: ${why}` }) };
}

/** What a rollback would look at, without a request: all whom the ledger says were flipped are left. */
export async function countFlipped(ports: Ports, subject: Subject): Promise<Reverted> {
  const { counts } = await countRest(ports, createRevertTask(ports, subject), startRevert(STILL), countPlaces(subject));
  return { counts };
}

const STILL: Steering = { seen: 0, full: false };

function isEnded({ stop, problem }: RevertProgress): boolean {
  return stop !== undefined || problem !== undefined;
}

function endPass(progress: RevertProgress): RevertProgress {
  if (progress.counts.left === 0 || progress.pass >= MOST_PASSES) return { ...progress, done: true };
  return { ...progress, done: false, pass: progress.pass + 1, place: 0, counts: NO_REVERTS };
}

async function countRest(
  { nowMs, policy }: Ports,
  task: Task,
  from: RevertProgress,
  places: number,
): Promise<RevertProgress> {
  const untilMs = nowMs() + policy.stepSeconds * 1000;
  let progress = from;
  for (; progress.place < places && nowMs() < untilMs; ) {
    const counts = addReverts(progress.counts, countReverts(await task.read(progress.place)));
    progress = { ...progress, place: progress.place + 1, counts };
  }
  return { ...progress, done: progress.place >= places };
}
