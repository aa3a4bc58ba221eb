import { toLimits } from "../contract/accept-deploy-event.ts";
import type { FlipEvent, RollbackEvent } from "../contract/deploy-event.ts";
import { FinalError } from "../core/final-error.ts";
import type { Pace } from "../core/flip/pace.ts";
import type { CommandState } from "../core/gate/apply-commands.ts";
import type { Stop } from "../core/gate/decision.ts";
import { OutOfTimeError } from "../core/out-of-time-error.ts";
import type { Lock } from "../core/records.ts";
import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import type { Connection, Ports } from "./ports.ts";

/** The rollout that a step works for. */
export type Rollout = FlipRollout | RollbackRollout;

interface Begun {
  readonly rolloutId: string;
  readonly startedAtMs: number;
  /** Absent in a dry run, which flips nobody. */
  readonly lock?: Lock | undefined;
}

/** `source`: what a retry goes on with; it means whom that means, and plans those who are left of it. */
export type FlipRollout = Begun & {
  readonly kind: "flip";
  readonly event: FlipEvent;
  readonly source?: SourceRollouts | undefined;
};

/** `source`: what it turns back. */
export type RollbackRollout = Begun & {
  readonly kind: "rollback";
  readonly event: RollbackEvent;
  readonly source: SourceRollouts;
};

export type Locked<Some extends Rollout> = Some & { readonly lock: Lock };

/** What every part hands to the next: where it is, and the pace it found. */
export interface Progress {
  readonly done: boolean;
  readonly pace?: Pace | undefined;
  /** Parts in a row that came no further. */
  readonly idleParts: number;
  /** What the commands taken in so far come to. */
  readonly commandState?: CommandState | undefined;
  /** Something holds it: a pause, the stop switch, alarms without data. A watch says how it goes on. */
  readonly held?: boolean | undefined;
  /** The next part begins so much later: trying again at once would be of no use. */
  readonly restSeconds?: number | undefined;
  /** What a gate or a command decided. */
  readonly stop?: Stop | undefined;
}

/** A part that made no progress three times in a row: it would go on like that for ever. */
export class StalledError extends FinalError {
  override readonly name = "StalledError";
}

/** One run of a durable step. */
export interface StepRun {
  readonly step: string;
  /** Counts the SDK's own tries, from 1: a run that threw is followed by another try, one that died by the same. */
  readonly attempt: number;
  /** When Lambda ends the invocation, whatever it is doing. */
  readonly invocationEndsAtMs: number;
}

export interface PartOptions {
  readonly run: StepRun;
  readonly pace: Pace | undefined;
  /** How far the ledger says that this step has come: a repeated run that finds the same mark made no progress. */
  readonly mark: string;
}

const MOST_RUNS = 3;
/** How long what was begun in time may still go on. */
const GRACE_MS = 60_000;
/** What recording the last of it may take. */
const RECORD_MS = 15_000;
/** Refusals that have nothing to do with the pace cannot slow a rollout down further than this. */
const SLOWEST_PER_SECOND = 1;

/**
 * Runs one part of a step's work within its time budget and its invocation: it stops taking new work at `untilMs`.
 * @throws StalledError when this step has died three times at the same place
 */
export async function runPart<Result>(
  ports: Ports,
  rollout: Rollout,
  { run, pace, mark }: PartOptions,
  work: (part: { readonly connection: Connection; readonly untilMs: number }) => Promise<Result>,
): Promise<Result> {
  const name = run.attempt === 1 ? run.step : `${run.step} (try ${run.attempt})`;
  const runs = await ports.ledger.countStepAttempt(rollout.rolloutId, name, mark);
  if (runs > MOST_RUNS) {
    throw new StalledError(
      `${name} died ${MOST_RUNS} times and came no further than "${mark}"; see the worker's log for what ended it`,
    );
  }
  const { stepSeconds, retries } = ports.policy;
  const latestMs = run.invocationEndsAtMs - GRACE_MS - retries.requestTimeoutMs - RECORD_MS;
  const untilMs = Math.min(ports.nowMs() + stepSeconds * 1000, latestMs);
  const { startPerSecond, maxPerSecond, concurrency } = toLimits(rollout.event, ports.policy);
  const connection = ports.evoVoice.connect({
    limits: { startPerSecond, maxPerSecond, minPerSecond: Math.min(SLOWEST_PER_SECOND, startPerSecond) },
    concurrency,
    pace,
    deadlineMs: untilMs + GRACE_MS,
    log: {
      info: (message, fields) => ports.log.info(message, { rolloutId: rollout.rolloutId, step: name, ...fields }),
    },
  });
  try {
    return await work({ connection, untilMs });
  } finally {
    connection.close();
  }
}

/** Counts parts that end in order but come no further, such as those that were refused for their whole time. */
export function countIdle(before: Progress, cameFurther: boolean): number {
  const idleParts = cameFurther ? 0 : before.idleParts + 1;
  if (idleParts < MOST_RUNS) return idleParts;
  throw new StalledError(
    `${MOST_RUNS} parts in a row came no further: Evo Voice answered none of their requests in time`,
  );
}

/** What the work came to; undefined when its time was over first. */
export async function unlessOutOfTime<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof OutOfTimeError) return undefined;
    throw error;
  }
}
