import type { Lock, LockAndControls } from "../../core/controls.ts";
import { FinalError } from "../../core/final-error.ts";
import { findFreeze } from "../../core/freezes.ts";
import { isStop, type Stop } from "../../core/gate/decision.ts";
import {
  type AlarmReading,
  EMPTY_SNAPSHOT,
  evaluateGate,
  type GateInputs,
  type GateSnapshot,
  type GateState,
  isNews,
  whyWaits,
} from "../../core/gate/evaluate-gate.ts";
import { describeReason } from "../../core/reasons.ts";
import type { Ports } from "../ports.ts";
import type { Locked, Rollout } from "../run-part.ts";
import type { GateConfig } from "./gate-config.ts";

/** Polls the gate of a durable wait: a bake, a pause, alarms without data. A poll throws the LockLostError. */
export function createGatePoller(ports: Ports, rollout: Locked<Rollout>, gateConfig: GateConfig) {
  const { rolloutId } = rollout;
  return async (state: GateState, failed = 0): Promise<GateState> => {
    const startedAtMs = ports.nowMs();
    const { alarmsReadAtMs: sinceMs = gateConfig.sinceMs } = state;
    const read = await readSnapshot(ports, rollout, { ...gateConfig, sinceMs });
    const snapshot = { ...read, failed, elapsedMs: startedAtMs - rollout.startedAtMs };
    const alarmsReadAtMs = areRead(read.alarms) ? startedAtMs : sinceMs;
    const next = { ...evaluateGate(state, snapshot, gateConfig.rules), alarmsReadAtMs };
    if (isNews(state, next)) await recordGateState(ports, rolloutId, next, { ...gateConfig, ...read });
    if (isStop(next.decision))
      await latchStop(ports, rolloutId, next.decision).catch(logFailed(ports.log, rolloutId, "stop not kept"));
    return next;
  };
}

/** An alarm that could not be read may ring unseen: the next reading has to look further back. */
export function areRead(readings: readonly AlarmReading[]): boolean {
  return readings.every(({ state }) => state !== "unreadable");
}

/** A ledger or alarms that cannot be read are alarms without data: they hold the rollout, and do not end it. */
async function readSnapshot(
  ports: Ports,
  rollout: Locked<Rollout>,
  gateConfig: GateConfig,
): Promise<Omit<GateSnapshot, "failed" | "elapsedMs">> {
  const { alarms, sinceMs } = gateConfig;
  try {
    const [inputs, readings] = await Promise.all([
      readGateInputs(ports, rollout, gateConfig),
      alarms.length === 0 ? [] : ports.readAlarms(alarms, sinceMs),
    ]);
    return { ...inputs, alarms: readings };
  } catch (error) {
    if (error instanceof FinalError) throw error;
    return { ...EMPTY_SNAPSHOT, alarms: [toUnreadable(error)] };
  }
}

/**
 * What the ledger says now. Where no alarm is watched, as in a rollback, a stop that an alarm latched does not count.
 * @throws LockLostError
 */
export async function readGateInputs(
  { ledger, nowMs }: Pick<Ports, "ledger" | "nowMs">,
  { rolloutId, lock }: Pick<Locked<Rollout>, "rolloutId" | "lock">,
  { alarms, freezes }: GateConfig,
): Promise<GateInputs & Pick<GateSnapshot, "freeze">> {
  const { stop, ...read } = await ledger.readGateInputs(rolloutId);
  if (!holdsLock(lock, read.controls)) throw new LockLostError(lock.rolloutId, read.controls.lock?.rolloutId);
  const inputs = { ...read, freeze: freezes && findFreeze(freezes, read.controls, nowMs()) };
  return alarms.length === 0 ? inputs : { ...inputs, stop };
}

function toUnreadable(error: unknown): AlarmReading {
  return { name: "of the ledger", state: "unreadable", reason: error instanceof Error ? error.name : "unknown" };
}

/** For the log, and for the command `status`. */
async function recordGateState(
  { ledger, log, nowMs }: Ports,
  rolloutId: string,
  state: GateState,
  { rules, alarms }: Pick<GateConfig, "rules"> & Pick<GateSnapshot, "alarms">,
): Promise<void> {
  const { leftSeconds, blindTo = [], commandState, decision } = state;
  const reasons = whyWaits(state, rules) ?? [];
  const heldBy = describeReason(reasons) || "nothing any more";
  const codes = reasons.map(({ code }) => code);
  log.info("rollout waits", { rolloutId, heldBy, codes, bakeLeftSeconds: leftSeconds, decision: decision?.decision });
  const gate = {
    at: new Date(nowMs()).toISOString(),
    bakeLeftSeconds: leftSeconds,
    noData: blindTo,
    alarms: alarms.map(({ name, state }) => ({ name, state })),
    commandsSeen: commandState.seen,
    pauseLeftSeconds: commandState.pausedSeconds ?? 0,
  };
  await ledger.saveGateState(rolloutId, gate).catch(logFailed(log, rolloutId, "gate state not saved"));
}

/**
 * An alarm is written down before the rollout acts on it: after a crash the alarm may be OK again. Commands and failures
 * are in the ledger anyway.
 */
export async function latchStop({ ledger }: Pick<Ports, "ledger">, rolloutId: string, stop: Stop): Promise<void> {
  if (stop.cause === "alarm" || stop.cause === "no data") await ledger.latchStop(rolloutId, stop);
}

/** The checkpoint of the poll keeps the state and the decision as well, a moment later. */
function logFailed(log: Ports["log"], rolloutId: string, message: string) {
  return (error: unknown): void => {
    log.info(message, { rolloutId, problem: error instanceof Error ? error.name : "unknown" });
  };
}

/** Another rollout has taken the lock: this rollout may send no further request. */
export class LockLostError extends FinalError {
  override readonly name = "LockLostError";

  constructor(rolloutId: string, by: string | undefined) {
    super({ code: "lock-lost", rolloutId, by });
  }
}

export function holdsLock({ fence, execution }: Lock, { lock }: LockAndControls): boolean {
  return lock?.fence === fence && lock.execution === execution;
}
