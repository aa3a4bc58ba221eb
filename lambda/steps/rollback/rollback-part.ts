import { toLimits } from "../../contract/accept-deploy-event.ts";
import type { Batch } from "../../core/flip/batch.ts";
import type { CommandState } from "../../core/gate/apply-commands.ts";
import { type Stop, toReason } from "../../core/gate/decision.ts";
import {
  addRollbackCounts,
  countRollback,
  type Held,
  isWorthAnotherPass,
  NO_ROLLBACK_COUNTS,
  type RollbackCounts,
} from "../../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Task } from "../flip/batch-run.ts";
import { flipBatches } from "../flip/flip-batches.ts";
import { createStopSignal } from "../flip/stop-signal.ts";
import { createGuard } from "../gate/guard.ts";
import { holdsLock } from "../gate/lock.ts";
import { ROLLBACK_GATE } from "../gate/poll-gate.ts";
import type { Ports } from "../ports.ts";
import { type Locked, type Progress, type Rollout, runPart, type StepRun } from "../run-part.ts";
import { readLaterRollouts } from "./later-rollouts.ts";
import { countPlaces, createRollbackTask, nameLeft } from "./rollback-task.ts";

/** Where a rollback is: counters only. */
export interface RollbackProgress extends Progress {
  readonly commandState: CommandState;
  /** A customer that could not be restored is tried again in a further pass. From 1. */
  readonly pass: number;
  /** The first place of this pass that is not done; the newest batch is at 0. */
  readonly place: number;
  /** Of the places of this pass that are done. */
  readonly counts: RollbackCounts;
  /** Whether another pass may restore one of their customers. */
  readonly again: boolean;
  /** Why no further customer is tried; a rollback that is sent again goes on with the rest. */
  readonly gaveUp?: string | undefined;
  /** What ended it early of itself. */
  readonly problem?: string | undefined;
}

/** What a rollback came to. */
export interface RollbackResult {
  readonly counts: RollbackCounts;
  /** What ended it of itself before it was through. */
  readonly problem?: string | undefined;
  /** The command that ended it before it was through. */
  readonly stop?: Stop | undefined;
  /** Whether the release is held; absent for a dry run. */
  readonly hold?: Held | undefined;
}

/** Before the second pass, and before the third: an Evo Voice that is down comes back in minutes, not at once. */
const RESTS_BEFORE_PASS = [60, 300] as const;

/**
 * The share that is kept for the way back: whatever the flips used up of theirs, it has four times as many parts that
 * come no further (with the policy's ten minutes a part, more than two hours), and each begins with the policy's pace.
 */
const MOST_IDLE_PARTS = 12;
const REST_AFTER_IDLE_SECONDS = 60;
const GAVE_UP = `Evo Voice answered no request in ${MOST_IDLE_PARTS} parts in a row; when it answers again, send the rollback again: it goes on`;

/** A pause that held the flips holds no rollback; one that is sent to the rollback does. */
export function startRollback({ seen, skipAllBakes }: CommandState): RollbackProgress {
  return { done: false, idleParts: 0, commandState: { seen, skipAllBakes }, pass: 1, place: 0, ...PASS_START };
}

const PASS_START = { counts: NO_ROLLBACK_COUNTS, again: false } as const;

export interface RollbackWork {
  readonly source: SourceRollouts;
  readonly from: RollbackProgress;
}

/**
 * Flips back, newest batch first, exactly the customers that the source rollouts flipped by the ledger's word, and that
 * still are where those put them. The pace begins anew: a throttled rollout must not strand its rollback. Once it is stopped, it
 * only counts who is left.
 */
export async function rollbackPart(
  ports: Ports,
  rollout: Locked<Rollout>,
  run: StepRun,
  { source, from }: RollbackWork,
): Promise<RollbackProgress> {
  const places = countPlaces(source);
  if (isEnded(from)) return nameRest(ports, rollout, createRollbackTask(ports, source), { from, places });
  const later = await readLaterRollouts(ports.ledger, source);
  const task = createRollbackTask(ports, source, { later, by: rollout.rolloutId });
  const { begun, mark, settled } = await skipFinished(task, from, places);
  return runPart(ports, rollout, { run, pace: from.pace, mark }, async ({ connection, untilMs }) => {
    const stopSignal = createStopSignal({ untilMs, nowMs: ports.nowMs });
    const guard = createGuard(ports, {
      ...rollout,
      gateConfig: ROLLBACK_GATE,
      commandState: from.commandState,
      stopSignal,
    });
    const { concurrency } = toLimits(rollout.event, ports.policy);
    const batchRun = { task, ledger: ports.ledger, connection, concurrency, stopSignal, guard };
    await later.load();
    let progress = begun;
    await guard.runGuarded(connection, async () => {
      for await (const { place, batch, left } of flipBatches(batchRun, { from: begun.place, to: places })) {
        if (place !== progress.place || left > 0) continue;
        progress = advance(progress, batch);
        ports.log.info("batch flipped back", { rolloutId: rollout.rolloutId, batch: batch.index, ...progress.counts });
      }
    });
    const [stop, held] = [stopSignal.stopped(), stopSignal.isHeld()];
    const next = progress.place >= places ? endPass(progress) : { ...progress, done: false };
    const isFurther = progress.place > from.place || (await skipFinished(task, progress, places)).settled > settled;
    const ended = { ...next, stop, held, commandState: guard.commandState(), pace: connection.pace() };
    return next.done || held || stop !== undefined || isFurther ? { ...ended, idleParts: 0 } : afterIdle(ended, from);
  });
}

/** A pace that let nothing through is not handed on: it was that of a server which answered no request. */
function afterIdle(progress: RollbackProgress, { idleParts: before }: RollbackProgress): RollbackProgress {
  const idleParts = before + 1;
  const gaveUp = idleParts < MOST_IDLE_PARTS ? undefined : GAVE_UP;
  const restSeconds = gaveUp === undefined ? REST_AFTER_IDLE_SECONDS : undefined;
  return { ...progress, idleParts, gaveUp, restSeconds, pace: undefined };
}

/** A part that failed for good ends the rollback; the customers that are left are still counted. */
export function afterRollbackFailure(from: RollbackProgress, problem: string): RollbackProgress {
  if (!isEnded(from)) return { ...from, idleParts: 0, problem };
  return { ...from, done: true, problem: `${from.problem ?? "stopped"}; who is left could not be counted: ${problem}` };
}

export function toRollbackResult({ counts, stop, problem }: RollbackProgress): RollbackResult {
  if (problem === undefined) return { counts, stop: counts.left > 0 ? stop : undefined };
  return { counts, problem: `the rollback ended before it was through: ${problem}` };
}

export const COUNT_START: RollbackProgress = startRollback({ seen: 0, skipAllBakes: false });

/** Counts only, from the ledger. */
export async function countPart(
  ports: Ports,
  source: SourceRollouts,
  from: RollbackProgress,
): Promise<RollbackProgress> {
  return countRest(ports, createRollbackTask(ports, source).read, { from, places: countPlaces(source) });
}

function isEnded({ stop, problem, gaveUp }: RollbackProgress): boolean {
  return stop !== undefined || problem !== undefined || gaveUp !== undefined;
}

/**
 * Where the ledger says that the revert is: further than the progress when this part was begun before. The mark counts
 * the customers with an end, so that workers that die again and again while they come further are not given up.
 */
async function skipFinished(task: Task, from: RollbackProgress, places: number) {
  let begun = from;
  let settled = 0;
  for (let place = from.place; place < places; place += 1) {
    const batch = await task.read(place);
    const { customers, outcomes } = task.open(batch);
    const ended = new Set(outcomes.map(({ customerId }) => customerId));
    settled += ended.size;
    if (place === begun.place && customers.every(({ id }) => ended.has(id))) begun = advance(begun, batch);
    // No customer of this batch was tried, and none of the batches behind it.
    else if (batch.rollback.length === 0) break;
  }
  return { begun, settled, mark: `pass ${from.pass}, place ${begun.place}, ${settled} settled` };
}

function advance(progress: RollbackProgress, batch: Batch): RollbackProgress {
  const counts = addRollbackCounts(progress.counts, countRollback(batch));
  return { ...progress, place: progress.place + 1, counts, again: progress.again || isWorthAnotherPass(batch) };
}

function endPass(progress: RollbackProgress): RollbackProgress {
  const restSeconds = RESTS_BEFORE_PASS[progress.pass - 1];
  if (!progress.again || restSeconds === undefined) return { ...progress, done: true };
  return { ...progress, done: false, pass: progress.pass + 1, place: 0, ...PASS_START, restSeconds };
}

interface Rest {
  readonly from: RollbackProgress;
  readonly places: number;
}

/** So that the report can name the customers that are left; nothing is written any more once the lock is another's. */
async function nameRest(ports: Ports, { lock }: Locked<Rollout>, task: Task, rest: Rest): Promise<RollbackProgress> {
  const { stop, problem, gaveUp } = rest.from;
  const isOurs = holdsLock(lock, await ports.ledger.readControls());
  const why = problem ?? gaveUp ?? (stop === undefined ? "it was stopped" : toReason(stop));
  const readNamed = async (place: number) => {
    const batch = await task.read(place);
    const named = isOurs ? nameLeft(batch, why) : batch;
    return named === batch ? batch : ports.ledger.recordBatch(named);
  };
  return countRest(ports, readNamed, rest);
}

async function countRest(
  { nowMs, policy }: Ports,
  read: Task["read"],
  { from, places }: Rest,
): Promise<RollbackProgress> {
  const untilMs = nowMs() + policy.stepSeconds * 1000;
  let progress = from;
  for (; progress.place < places && nowMs() < untilMs; ) {
    progress = advance(progress, await read(progress.place));
  }
  return { ...progress, done: progress.place >= places };
}
