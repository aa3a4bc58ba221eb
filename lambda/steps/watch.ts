import type { FlipEvent } from "../events/deploy-event.ts";
import type { Policy } from "../events/policy.ts";
import { type Stop, toStop } from "../rollout/decision.ts";
import { FinalError } from "../rollout/final-error.ts";
import { STEERING_START, takeIn } from "../rollout/steering.ts";
import { type AlarmReading, type Sight, type WatchRules, type WatchState, watchOnce } from "../rollout/watch.ts";
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
  rules: { onFailure: "halt", noDataSeconds: Number.MAX_SAFE_INTEGER },
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
export function lookAgain(ports: Ports, rollout: Locked<Rollout>, { alarms, rules }: Watched) {
  return async (state: WatchState): Promise<WatchState> => {
    const next = watchOnce(state, await look(ports, rollout, alarms), rules);
    if (next.heldBy !== state.heldBy) {
      ports.log.info("rollout waits", { rolloutId: rollout.rolloutId, heldBy: next.heldBy ?? "nothing any more" });
    }
    return next;
  };
}

/** While nobody is flipped yet, only an abort counts; whatever else steers a rollout is taken in before the first flip. */
export async function findAbort({ ledger }: Ports, { rolloutId, lock }: Rollout): Promise<Stop | undefined> {
  if (lock === undefined) return undefined;
  const { commands } = await ledger.readSteering(rolloutId);
  const { abort } = takeIn(STEERING_START, commands);
  return abort && toStop("halt", "abort", [`aborted by ${abort.by}: ${abort.reason}`]);
}

/** A world that cannot be seen is one without data: it holds the rollout, it does not end it. */
async function look(ports: Ports, { rolloutId, lock }: Locked<Rollout>, alarms: readonly string[]): Promise<Sight> {
  try {
    const [{ orders, commands }, readings] = await Promise.all([
      ports.ledger.readSteering(rolloutId),
      alarms.length === 0 ? [] : ports.readAlarms(alarms),
    ]);
    refuseLostLock(lock, orders);
    return { orders, commands, alarms: readings };
  } catch (error) {
    if (error instanceof FinalError) throw error;
    return { orders: NO_ORDERS, commands: [], alarms: [toBlind(error)] };
  }
}

const NO_ORDERS: Sight["orders"] = { fence: 0, holds: {}, protectedIds: [] };

function toBlind(error: unknown): AlarmReading {
  return { name: "of the ledger", state: "unreadable", reason: error instanceof Error ? error.name : "unknown" };
}
