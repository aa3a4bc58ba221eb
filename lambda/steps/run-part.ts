import { toLimits } from "../contract/accept-deploy-event.ts";
import type { FlipEvent, RollbackEvent } from "../contract/deploy-event.ts";
import type { Via } from "../contract/via.ts";
import type { Lock } from "../core/controls.ts";
import { FinalError } from "../core/final-error.ts";
import type { Pace } from "../core/flip/pace.ts";
import type { CommandState } from "../core/gate/apply-commands.ts";
import type { Stop } from "../core/gate/decision.ts";
import { OutOfTimeError } from "../core/out-of-time-error.ts";
import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import type { Connection, Log, Ports } from "./ports.ts";

/** The rollout that a step works for. */
export type Rollout = FlipRollout | RollbackRollout;

interface Begun {
  readonly rolloutId: string;
  readonly startedAtMs: number;
  readonly via?: Via | undefined;
  /** Absent in a dry run, which flips no customer. */
  readonly lock?: Lock | undefined;
}

/** `source`: the rollout that a retry continues. */
export type FlipRollout = Begun & {
  readonly kind: "flip";
  readonly event: FlipEvent;
  readonly source?: SourceRollouts | undefined;
};

/** `source`: the rollouts that it rolls back. */
export type RollbackRollout = Begun & {
  readonly kind: "rollback";
  readonly event: RollbackEvent;
  readonly source: SourceRollouts;
};

export type Locked<Some extends Rollout> = Some & { readonly lock: Lock };

/** What each part hands to the next: how far the work has come, and the pace that was found. */
export interface Progress {
  readonly done: boolean;
  readonly pace?: Pace | undefined;
  /** How many parts in a row made no progress. */
  readonly idleParts: number;
  /** The effect of the commands that were applied so far. */
  readonly commandState?: CommandState | undefined;
  /** A pause, the stop switch or alarms without data hold the part. A gate decides when it continues. */
  readonly held?: boolean | undefined;
  /** The next part begins so much later, because an immediate try would fail as well. */
  readonly delaySeconds?: number | undefined;
  /** What a gate or a command decided. */
  readonly stop?: Stop | undefined;
}

/** Parts made no progress three times in a row. A further part would make none either. */
export class StalledError extends FinalError {
  override readonly name = "StalledError";
}

/** One run of a durable step. */
export interface StepRun {
  readonly step: string;
  /** Counts the tries of the SDK, from 1. A run that threw is followed by the next try, a run that died by the same try. */
  readonly attempt: number;
  /** The durable operations of the execution before this run. @default 0 */
  readonly operations?: number;
  /** When Lambda ends the invocation, whatever runs then. */
  readonly invocationEndsAtMs: number;
}

export interface PartOptions {
  readonly run: StepRun;
  readonly pace: Pace | undefined;
  /** How far this step has come, by the ledger. A repeated run that finds the same mark made no progress. */
  readonly mark: string;
}

/** What the work of a part gets. */
export interface Part {
  readonly connection: Connection;
  /** Names the rollout and the step in each line. */
  readonly log: Log;
  /** How many requests may be in flight. */
  readonly concurrency: number;
  /** No new work begins after it. */
  readonly untilMs: number;
}

const MOST_RUNS = 3;
/** How long after `untilMs` the work that has begun may still send requests. */
const GRACE_MS = 60_000;
/** How long the last write to the ledger may take. */
const RECORD_MS = 15_000;
/** However many requests are refused, the pace does not fall below this. */
const SLOWEST_PER_SECOND = 1;

/**
 * Runs one part of a step's work within its time budget and its invocation. No new work begins after `untilMs`.
 * @throws StalledError when this step has died three times at the same place
 */
export async function runPart<Result>(
  ports: Ports,
  rollout: Rollout,
  { run, pace, mark }: PartOptions,
  work: (part: Part) => Promise<Result>,
): Promise<Result> {
  const name = run.attempt === 1 ? run.step : `${run.step} (try ${run.attempt})`;
  const runs = await ports.ledger.countStepAttempt(rollout.rolloutId, name, mark);
  if (runs > MOST_RUNS) {
    throw new StalledError({ code: "stalled", step: name, runs: MOST_RUNS, mark });
  }
  const { stepSeconds, retries } = ports.policy;
  const latestMs = run.invocationEndsAtMs - GRACE_MS - retries.requestTimeoutMs - RECORD_MS;
  const untilMs = Math.min(ports.nowMs() + stepSeconds * 1000, latestMs);
  const { startPerSecond, maxPerSecond, concurrency } = toLimits(rollout.event, ports.policy);
  const log: Log = {
    info: (message, fields) => ports.log.info(message, { rolloutId: rollout.rolloutId, step: name, ...fields }),
  };
  const connection = ports.evoVoice.connect({
    limits: { startPerSecond, maxPerSecond, minPerSecond: Math.min(SLOWEST_PER_SECOND, startPerSecond) },
    concurrency,
    pace,
    deadlineMs: untilMs + GRACE_MS,
    log,
  });
  try {
    return await work({ connection, log, concurrency, untilMs });
  } finally {
    connection.close();
  }
}

/** Counts parts that end in order without progress, for example because each request was refused. */
export function countIdle(before: Progress, hasProgress: boolean): number {
  const idleParts = hasProgress ? 0 : before.idleParts + 1;
  if (idleParts < MOST_RUNS) return idleParts;
  throw new StalledError({ code: "no-progress", parts: MOST_RUNS });
}

/** The result of the work; undefined when its time was over first. */
export async function unlessOutOfTime<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof OutOfTimeError) return undefined;
    throw error;
  }
}
