import type { CommandState } from "../../core/gate/apply-commands.ts";
import type { Batch } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import type { RollbackResult } from "../../core/report/report.ts";
import {
  addRollbackCounts,
  countRollback,
  isWorthAnotherPass,
  NO_ROLLBACK_COUNTS,
  type RollbackCounts,
} from "../../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Task } from "../flip/batch-run.ts";
import { flipBatches } from "../flip/flip-batches.ts";
import { runGuarded } from "../flip/run-guarded.ts";
import { skipBatches } from "../flip/skip-batch.ts";
import { createStopSignal } from "../flip/stop-signal.ts";
import { ROLLBACK_GATE } from "../gate/gate-config.ts";
import { holdsLock } from "../gate/gate-poller.ts";
import type { Ports } from "../ports.ts";
import { countIdle, type Locked, type Progress, type Rollout, runPart, type StepRun } from "../run-part.ts";
import { readLaterRollouts } from "./later-rollouts.ts";
import { countBatches, createRollbackTask } from "./rollback-task.ts";

/** Where a rollback is: counters only. */
export interface RollbackProgress extends Progress {
  readonly commandState: CommandState;
  /** A customer that could not be restored is tried again in a further pass. From 1. */
  readonly pass: number;
  /** The first position of this pass that is not done; the newest batch is at 0. */
  readonly position: number;
  /** Of the batches of this pass that are done. */
  readonly counts: RollbackCounts;
  /** Whether another pass may restore one of their customers. */
  readonly again: boolean;
  /** Why no further customer is tried. A rollback that is sent again continues. */
  readonly gaveUp?: Reason | undefined;
  /** The fault that ended the rollback early. */
  readonly problem?: readonly Reason[] | undefined;
  /** A rollback that ended early reads no customer any more. */
  readonly readsNoMore?: boolean | undefined;
}

/** The waits before the second and the third pass: an Evo Voice that is down comes back in minutes, not at once. */
const DELAYS_BEFORE_PASS = [60, 300] as const;

/**
 * After so many parts in a row without progress the rollback gives up. With the policy's ten minutes a part that takes more
 * than two hours, and four times as many parts are reserved for a rollback.
 */
const MOST_IDLE_PARTS = 12;
const DELAY_AFTER_IDLE_SECONDS = 60;
const GAVE_UP: Reason = { code: "rollback-gave-up", parts: MOST_IDLE_PARTS };

/** A pause that was sent before the rollback does not hold it. */
export function startRollback({ seen, skipAllBakes }: CommandState): RollbackProgress {
  return { done: false, idleParts: 0, commandState: { seen, skipAllBakes }, pass: 1, position: 0, ...PASS_START };
}

const PASS_START = { counts: NO_ROLLBACK_COUNTS, again: false } as const;

export interface RollbackWork {
  readonly source: SourceRollouts;
  readonly from: RollbackProgress;
}

/**
 * Writes the original flag to every customer that the source rollouts may have flipped, newest batch first. The pace begins
 * anew: a throttled rollout must not delay its rollback.
 */
export async function rollbackPart(
  ports: Ports,
  rollout: Locked<Rollout>,
  run: StepRun,
  { source, from }: RollbackWork,
): Promise<RollbackProgress> {
  if (isEnded(from)) return { ...from, done: true };
  const batches = countBatches(source);
  const later = await readLaterRollouts(ports.ledger, source);
  const task = createRollbackTask(ports, source, { later, by: rollout.rolloutId });
  const { mark } = await readProgress(task, from, batches);
  return runPart(ports, rollout, { run, pace: from.pace, mark }, async (part) => {
    await later.load();
    // A customer that an earlier rollback restored is open again once a later rollout has moved it.
    const { begun, settled } = await readProgress(task, from, batches);
    let progress = begun;
    const guarded = { part, task, gateConfig: ROLLBACK_GATE, commandState: from.commandState };
    const { end } = await runGuarded(ports, rollout, guarded, async (batchRun) => {
      for await (const { position, batch, left } of flipBatches(batchRun, { from: begun.position, to: batches })) {
        if (position !== progress.position || left > 0) continue;
        progress = advance(progress, batch);
        part.log.info("batch rolled back", { batch: batch.index, ...progress.counts });
      }
    });
    const next = progress.position >= batches ? endPass(progress) : { ...progress, done: false };
    const isFurther =
      progress.position > from.position || (await readProgress(task, progress, batches)).settled > settled;
    const ended = { ...next, ...end };
    return next.done || end.held || end.stop !== undefined || isFurther
      ? { ...ended, idleParts: 0 }
      : afterIdle(ended, from);
  });
}

/** The pace of a part without progress is not handed on: the server answered no request. */
function afterIdle(progress: RollbackProgress, { idleParts: before }: RollbackProgress): RollbackProgress {
  const idleParts = before + 1;
  const gaveUp = idleParts < MOST_IDLE_PARTS ? undefined : GAVE_UP;
  const delaySeconds = gaveUp === undefined ? DELAY_AFTER_IDLE_SECONDS : undefined;
  return { ...progress, idleParts, gaveUp, delaySeconds, pace: undefined };
}

/** A part that failed for good ends the rollback. Its customers are still counted. */
export function afterRollbackFailure(from: RollbackProgress, why: readonly Reason[]): RollbackProgress {
  return { ...from, done: true, problem: [{ code: "rollback-ended-early", why }] };
}

/** Where the end of a rollback begins that a command, a fault or a silent Evo Voice ended early. */
export function startEnd({ counts: _counted, ...progress }: RollbackProgress): RollbackProgress {
  const { stop, problem } = progress;
  const readsNoMore = stop === undefined || problem !== undefined;
  return { ...progress, ...PASS_START, position: 0, done: false, idleParts: 0, readsNoMore };
}

/**
 * In a rollback that ended early: names every customer that is not restored. After a command, it reads the customers that
 * are restored once more, because a reply is no proof. A rollout that has lost its lock writes nothing.
 */
export async function endPart(
  ports: Ports,
  rollout: Locked<Rollout>,
  run: StepRun,
  { source, from }: RollbackWork,
): Promise<RollbackProgress> {
  const { ledger, nowMs } = ports;
  const batches = countBatches(source);
  const task = createRollbackTask(ports, source, { by: rollout.rolloutId });
  if (!holdsLock(rollout.lock, await ledger.readControls())) return countRemaining(ports, task.read, { from, batches });
  const { stop, problem, gaveUp, readsNoMore = false } = from;
  const why = problem ?? (gaveUp && [gaveUp]) ?? stop?.reasons ?? [];
  const mark = `end, position ${from.position}`;
  return runPart(ports, rollout, { run, pace: from.pace, mark }, async ({ connection, concurrency, untilMs }) => {
    const endRun = { task, ledger, connection, concurrency, stopSignal: createStopSignal({ untilMs, nowMs }) };
    let progress = from;
    for await (const { batch } of skipBatches(endRun, { from: from.position, to: batches }, { why, readsNoMore }))
      progress = advance(progress, batch);
    const done = progress.position >= batches;
    return { ...progress, done, idleParts: countIdle(from, done || progress.position > from.position) };
  });
}

/** First the customers are read no more, then they are counted no more. */
export function afterEndFailure(from: RollbackProgress, why: readonly Reason[]): RollbackProgress {
  const problem = from.problem ?? [];
  if (from.readsNoMore) return { ...from, done: true, problem: [...problem, { code: "rollback-not-counted", why }] };
  return { ...from, idleParts: 0, readsNoMore: true, problem: [...problem, { code: "rollback-not-verified", why }] };
}

export function toRollbackResult({ counts, stop, problem }: RollbackProgress): RollbackResult {
  return problem === undefined ? { counts, stop: counts.failed > 0 ? stop : undefined } : { counts, problem };
}

export const COUNT_START: RollbackProgress = startRollback({ seen: 0, skipAllBakes: false });

/** Counts only, from the ledger. */
export async function countPart(
  ports: Ports,
  source: SourceRollouts,
  from: RollbackProgress,
): Promise<RollbackProgress> {
  return countRemaining(ports, createRollbackTask(ports, source, { by: "" }).read, {
    from,
    batches: countBatches(source),
  });
}

export function isEnded({ stop, problem, gaveUp }: RollbackProgress): boolean {
  return stop !== undefined || problem !== undefined || gaveUp !== undefined;
}

/**
 * The progress by the ledger: further than `from` when an earlier run of this part died. The mark counts
 * the customers with a result, so that parts that die again and again, each with some progress, are not given up.
 */
async function readProgress(task: Task, from: RollbackProgress, batches: number) {
  let begun = from;
  let settled = 0;
  for (let position = from.position; position < batches; position += 1) {
    const batch = await task.read(position);
    const { customers, outcomes } = task.open(batch);
    const ended = new Set(outcomes.map(({ customerId }) => customerId));
    settled += ended.size;
    if (position === begun.position && customers.every(({ id }) => ended.has(id))) begun = advance(begun, batch);
    // No customer of this batch or of a later position was tried.
    else if (batch.rollback.length === 0) break;
  }
  return { begun, settled, mark: `pass ${from.pass}, position ${begun.position}, ${settled} settled` };
}

function advance(progress: RollbackProgress, batch: Batch): RollbackProgress {
  const counts = addRollbackCounts(progress.counts, countRollback(batch));
  return { ...progress, position: progress.position + 1, counts, again: progress.again || isWorthAnotherPass(batch) };
}

function endPass(progress: RollbackProgress): RollbackProgress {
  const delaySeconds = DELAYS_BEFORE_PASS[progress.pass - 1];
  if (!progress.again || delaySeconds === undefined) return { ...progress, done: true };
  return { ...progress, done: false, pass: progress.pass + 1, position: 0, ...PASS_START, delaySeconds };
}

interface Remaining {
  readonly from: RollbackProgress;
  readonly batches: number;
}

async function countRemaining(
  { nowMs, policy }: Ports,
  read: Task["read"],
  { from, batches }: Remaining,
): Promise<RollbackProgress> {
  const untilMs = nowMs() + policy.stepSeconds * 1000;
  let progress = from;
  for (; progress.position < batches && nowMs() < untilMs; ) {
    progress = advance(progress, await read(progress.position));
  }
  return { ...progress, done: progress.position >= batches };
}
