import type { FlipEvent } from "../contract/deploy-event.ts";
import type { Policy } from "../contract/policy.ts";
import { isStop, type Stop } from "../rollout/decision.ts";
import { FinalError } from "../rollout/final-error.ts";
import type { SteeringRecord } from "../rollout/records.ts";
import {
  type AlarmReading,
  isNews,
  type Sight,
  type WatchRules,
  type WatchState,
  watchOnce,
  whyWaits,
} from "../rollout/watch.ts";
import { refuseLostLock } from "./hold-lock.ts";
import type { Locked, Rollout } from "./part.ts";
import type { Ports } from "./ports.ts";

/** What is looked at while a rollout runs, and how it is judged. */
export interface Watched {
  readonly alarms: readonly string[];
  readonly rules: WatchRules;
  /** Alarms that the event overrides: nobody looks at them in this rollout. */
  readonly overridden: readonly string[];
}

/** Turning back is never stopped by an alarm: it is what mends it. */
export const NOT_WATCHED: Watched = {
  alarms: [],
  rules: { onFailure: "halt", noDataSeconds: Number.MAX_SAFE_INTEGER, isRest: true },
  overridden: [],
};

export function watchFor(
  { alarms, onFailure, noDataMinutes }: Policy,
  event: Pick<FlipEvent, "onFailure">,
  overridden: readonly string[],
): Watched {
  return {
    alarms: alarms.filter((name) => !overridden.includes(name)),
    rules: { onFailure: event.onFailure ?? onFailure, noDataSeconds: noDataMinutes * 60 },
    overridden,
  };
}

/** The alarms that are in ALARM now: an event that overrides goes on without them. */
export async function readOverridden({ policy, readAlarms }: Ports): Promise<readonly string[]> {
  const readings = await readAlarms(policy.alarms);
  return readings.flatMap(({ name, state }) => (state === "ALARM" ? name : []));
}

/** One look of a durable wait: for a bake, a pause, alarms without data. @throws LockLostError */
export function lookAgain(ports: Ports, rollout: Locked<Rollout>, watched: Watched) {
  const { rolloutId } = rollout;
  return async (state: WatchState): Promise<WatchState> => {
    const next = watchOnce(state, await look(ports, rollout, watched), watched.rules);
    if (isNews(state, next)) await tellWait(ports, rolloutId, next, watched);
    if (isStop(next.decision)) await keepStop(ports, rolloutId, next.decision).catch(logNotKept(ports, rolloutId));
    return next;
  };
}

/** For whoever watches the log, and whoever asks for the status. */
async function tellWait(
  { ledger, log, nowMs }: Ports,
  rolloutId: string,
  state: WatchState,
  { rules }: Watched,
): Promise<void> {
  const { leftSeconds, blindTo = [], steering, decision } = state;
  const heldBy = whyWaits(state, rules) ?? "nothing any more";
  log.info("rollout waits", { rolloutId, heldBy, bakeLeftSeconds: leftSeconds, decision: decision?.decision });
  const gate = {
    at: new Date(nowMs()).toISOString(),
    bakeLeftSeconds: leftSeconds,
    noData: blindTo,
    commandsSeen: steering.seen,
    pauseLeftSeconds: steering.pausedSeconds ?? 0,
  };
  await ledger.saveGateState(rolloutId, gate).catch((error: unknown) => {
    log.info("gate state not saved", { rolloutId, problem: error instanceof Error ? error.name : "unknown" });
  });
}

/**
 * What the ledger says now. Where no alarm is watched, as on the way back, none that was seen before counts.
 * @throws LockLostError
 */
export async function readSteering(
  { ledger }: Pick<Ports, "ledger">,
  { rolloutId, lock }: Pick<Locked<Rollout>, "rolloutId" | "lock">,
  { alarms }: Watched,
): Promise<SteeringRecord> {
  const { stop, ...steering } = await ledger.readSteering(rolloutId);
  refuseLostLock(lock, steering.controls);
  return alarms.length === 0 ? steering : { ...steering, stop };
}

/**
 * Before anything is done about an alarm it is written down: whoever takes over from a worker that dies would not see it
 * any more when it is OK again. Commands and failures are in the ledger anyway.
 */
export async function keepStop({ ledger }: Pick<Ports, "ledger">, rolloutId: string, stop: Stop): Promise<void> {
  if (stop.cause === "alarm" || stop.cause === "no data") await ledger.noteStop(rolloutId, stop);
}

/** The look's own checkpoint keeps it as well, a moment later. */
function logNotKept({ log }: Ports, rolloutId: string) {
  return (error: unknown): void => {
    log.info("stop not kept", { rolloutId, problem: error instanceof Error ? error.name : "unknown" });
  };
}

/** A world that cannot be seen is one without data: it holds the rollout, it does not end it. */
async function look(ports: Ports, rollout: Locked<Rollout>, watched: Watched): Promise<Sight> {
  const { alarms } = watched;
  try {
    const [steering, readings] = await Promise.all([
      readSteering(ports, rollout, watched),
      alarms.length === 0 ? [] : ports.readAlarms(alarms),
    ]);
    return { ...steering, alarms: readings };
  } catch (error) {
    if (error instanceof FinalError) throw error;
    return { controls: NO_CONTROLS, commands: [], alarms: [toBlind(error)] };
  }
}

const NO_CONTROLS: Sight["controls"] = { fence: 0, holds: {}, protectedIds: [] };

function toBlind(error: unknown): AlarmReading {
  return { name: "of the ledger", state: "unreadable", reason: error instanceof Error ? error.name : "unknown" };
}
