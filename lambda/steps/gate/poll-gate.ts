import type { FlipEvent } from "../../contract/deploy-event.ts";
import type { Policy } from "../../contract/policy.ts";
import { FinalError } from "../../core/final-error.ts";
import { isStop, type Stop } from "../../core/gate/decision.ts";
import {
  type AlarmReading,
  evaluateGate,
  type GateRules,
  type GateSnapshot,
  type GateState,
  isNews,
  whyWaits,
} from "../../core/gate/evaluate-gate.ts";
import type { GateInputs } from "../../core/records.ts";
import type { Ports } from "../ports.ts";
import type { Locked, Rollout } from "../run-part.ts";
import { refuseLostLock } from "./lock.ts";

/** What is looked at while a rollout runs, and how it is judged. */
export interface GateConfig {
  readonly alarms: readonly string[];
  readonly rules: GateRules;
  /** Alarms that the event overrides: nobody looks at them in this rollout. */
  readonly overridden: readonly string[];
}

/** Turning back is never stopped by an alarm: it is what mends it. */
export const ROLLBACK_GATE: GateConfig = {
  alarms: [],
  rules: { onFailure: "halt", noDataSeconds: Number.MAX_SAFE_INTEGER, isRest: true },
  overridden: [],
};

export function toGateConfig(
  { alarms, onFailure, noDataMinutes }: Policy,
  event: Pick<FlipEvent, "onFailure">,
  overridden: readonly string[],
): GateConfig {
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
export function pollGate(ports: Ports, rollout: Locked<Rollout>, gateConfig: GateConfig) {
  const { rolloutId } = rollout;
  return async (state: GateState): Promise<GateState> => {
    const next = evaluateGate(state, await look(ports, rollout, gateConfig), gateConfig.rules);
    if (isNews(state, next)) await recordGateState(ports, rolloutId, next, gateConfig);
    if (isStop(next.decision)) await keepStop(ports, rolloutId, next.decision).catch(logNotKept(ports, rolloutId));
    return next;
  };
}

/** For whoever watches the log, and whoever asks for the status. */
async function recordGateState(
  { ledger, log, nowMs }: Ports,
  rolloutId: string,
  state: GateState,
  { rules }: GateConfig,
): Promise<void> {
  const { leftSeconds, blindTo = [], commandState, decision } = state;
  const heldBy = whyWaits(state, rules) ?? "nothing any more";
  log.info("rollout waits", { rolloutId, heldBy, bakeLeftSeconds: leftSeconds, decision: decision?.decision });
  const gate = {
    at: new Date(nowMs()).toISOString(),
    bakeLeftSeconds: leftSeconds,
    noData: blindTo,
    commandsSeen: commandState.seen,
    pauseLeftSeconds: commandState.pausedSeconds ?? 0,
  };
  await ledger.saveGateState(rolloutId, gate).catch((error: unknown) => {
    log.info("gate state not saved", { rolloutId, problem: error instanceof Error ? error.name : "unknown" });
  });
}

/**
 * What the ledger says now. Where no alarm is watched, as on the way back, none that was seen before counts.
 * @throws LockLostError
 */
export async function readGateInputs(
  { ledger }: Pick<Ports, "ledger">,
  { rolloutId, lock }: Pick<Locked<Rollout>, "rolloutId" | "lock">,
  { alarms }: GateConfig,
): Promise<GateInputs> {
  const { stop, ...commandState } = await ledger.readGateInputs(rolloutId);
  refuseLostLock(lock, commandState.controls);
  return alarms.length === 0 ? commandState : { ...commandState, stop };
}

/**
 * Before anything is done about an alarm it is written down: whoever takes over from a worker that dies would not see it
 * any more when it is OK again. Commands and failures are in the ledger anyway.
 */
export async function keepStop({ ledger }: Pick<Ports, "ledger">, rolloutId: string, stop: Stop): Promise<void> {
  if (stop.cause === "alarm" || stop.cause === "no data") await ledger.latchStop(rolloutId, stop);
}

/** The look's own checkpoint keeps it as well, a moment later. */
function logNotKept({ log }: Ports, rolloutId: string) {
  return (error: unknown): void => {
    log.info("stop not kept", { rolloutId, problem: error instanceof Error ? error.name : "unknown" });
  };
}

/** A world that cannot be seen is one without data: it holds the rollout, it does not end it. */
async function look(ports: Ports, rollout: Locked<Rollout>, gateConfig: GateConfig): Promise<GateSnapshot> {
  const { alarms } = gateConfig;
  try {
    const [commandState, readings] = await Promise.all([
      readGateInputs(ports, rollout, gateConfig),
      alarms.length === 0 ? [] : ports.readAlarms(alarms),
    ]);
    return { ...commandState, alarms: readings };
  } catch (error) {
    if (error instanceof FinalError) throw error;
    return { controls: NO_CONTROLS, commands: [], alarms: [toBlind(error)] };
  }
}

const NO_CONTROLS: GateSnapshot["controls"] = { fence: 0, holds: {}, protectedIds: [] };

function toBlind(error: unknown): AlarmReading {
  return { name: "of the ledger", state: "unreadable", reason: error instanceof Error ? error.name : "unknown" };
}
