import { toLimits } from "../../contract/accept-deploy-event.ts";
import type { FlipEvent } from "../../contract/deploy-event.ts";
import type { Policy } from "../../contract/policy.ts";
import type { Lock, LockAndControls } from "../../core/controls.ts";
import { FinalError } from "../../core/final-error.ts";
import { findFreeze, isFreezable, listFreezes } from "../../core/freezes.ts";
import { isStop, type Stop } from "../../core/gate/decision.ts";
import {
  type AlarmReading,
  EMPTY_SNAPSHOT,
  evaluateGate,
  type GateInputs,
  type GateRules,
  type GateSnapshot,
  type GateState,
  isNews,
  whyWaits,
} from "../../core/gate/evaluate-gate.ts";
import { allowedFailures, toWaveLimit } from "../../core/gate/failure-limit.ts";
import { toBakeInterval } from "../../core/gate/poll-interval.ts";
import { FLIP_SHARE, ROLLBACK_SHARE } from "../../core/gate/rollback-reserve.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { describeReason } from "../../core/reasons.ts";
import type { Overridden } from "../../core/report/report.ts";
import type { Ports } from "../ports.ts";
import type { Locked, Rollout } from "../run-part.ts";

/** What a rollout's gates look at, and by which rules they decide. */
export interface GateConfig {
  readonly alarms: readonly string[];
  readonly rules: GateRules;
  /** What the event overrides: no gate of this rollout looks at these alarms, nor at any freeze. */
  readonly overridden?: Overridden | undefined;
  /** Of the policy. Absent where no freeze holds: in a rollback, a bake, a verification, and after an override. */
  readonly freezes?: Policy["freezes"] | undefined;
  /** When the gate before the first flip read the alarms, in epoch milliseconds: one that rang since then counts. */
  readonly sinceMs?: number | undefined;
}

/** Neither an alarm nor a failure stops a rollback, which is the repair. */
export const ROLLBACK_GATE: GateConfig = {
  alarms: [],
  rules: { onFailure: "halt", noDataSeconds: Number.MAX_SAFE_INTEGER, isDelay: true, executionShare: ROLLBACK_SHARE },
};

export function toGateConfig(
  policy: Policy,
  event: FlipEvent,
  { overridden, plan }: Pick<GateConfig, "overridden"> & { readonly plan: Pick<Plan, "flip" | "waves"> },
): GateConfig {
  const { flip: planned, waves } = plan;
  const allowed = allowedFailures(toLimits(event, policy).failureBudget, planned, policy.smallestSample);
  const bakes = waves.flatMap(({ customers, bakeSeconds }) => (customers > 0 ? bakeSeconds : []));
  return {
    alarms: policy.alarms.filter((name) => !overridden?.alarms.includes(name)),
    rules: {
      onFailure: event.onFailure ?? policy.onFailure,
      noDataSeconds: policy.noDataMinutes * 60,
      failures: [{ allowed, planned }],
      pollSeconds: toBakeInterval(bakes),
      executionShare: FLIP_SHARE,
    },
    overridden,
  };
}

/** The gates of one wave: the failure budget also counts within the wave. */
export function toWaveConfig(
  { policy }: Pick<Ports, "policy">,
  event: FlipEvent,
  { config, wave }: { readonly config: GateConfig; readonly wave: Parameters<typeof toWaveLimit>[0] },
): GateConfig {
  const limit = toWaveLimit(wave, toLimits(event, policy).failureBudget, policy.smallestSample);
  return { ...config, rules: { ...config.rules, failures: [...(config.rules.failures ?? []), limit] } };
}

/** The gate before flips: a freeze holds it, unless the event overrides freezes. */
export function withFreezes({ policy }: Pick<Ports, "policy">, event: FlipEvent, config: GateConfig): GateConfig {
  return isFreezable(event) ? { ...config, freezes: policy.freezes } : config;
}

/** The alarms that are in ALARM now, and the freezes that apply: an event with an override passes them. */
export async function readOverridden({ policy, readAlarms, ledger, nowMs }: Ports): Promise<Overridden> {
  const [readings, controls] = await Promise.all([readAlarms(policy.alarms), ledger.readControls()]);
  return {
    alarms: readings.flatMap(({ name, state }) => (state === "ALARM" ? name : [])),
    freezes: listFreezes(policy.freezes, controls, nowMs()).map(({ name }) => name),
  };
}

/** One poll of a durable wait: for a bake, a pause, alarms without data. @throws LockLostError */
export function pollGate(ports: Ports, rollout: Locked<Rollout>, gateConfig: GateConfig) {
  const { rolloutId } = rollout;
  return async (state: GateState, failed = 0): Promise<GateState> => {
    const startedAtMs = ports.nowMs();
    const { alarmsReadAtMs: sinceMs = gateConfig.sinceMs } = state;
    const read = await readSnapshot(ports, rollout, { ...gateConfig, sinceMs });
    const snapshot = { ...read, failed, elapsedMs: startedAtMs - rollout.startedAtMs };
    const alarmsReadAtMs = areRead(read.alarms) ? startedAtMs : sinceMs;
    const next = { ...evaluateGate(state, snapshot, gateConfig.rules), alarmsReadAtMs };
    if (isNews(state, next)) await recordGateState(ports, rolloutId, next, { ...gateConfig, ...read });
    if (isStop(next.decision)) await latchStop(ports, rolloutId, next.decision).catch(logNotLatched(ports, rolloutId));
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
  refuseLostLock(lock, read.controls);
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
  await ledger.saveGateState(rolloutId, gate).catch((error: unknown) => {
    log.info("gate state not saved", { rolloutId, problem: error instanceof Error ? error.name : "unknown" });
  });
}

/**
 * An alarm is written down before the rollout acts on it: after a crash the alarm may be OK again. Commands and failures
 * are in the ledger anyway.
 */
export async function latchStop({ ledger }: Pick<Ports, "ledger">, rolloutId: string, stop: Stop): Promise<void> {
  if (stop.cause === "alarm" || stop.cause === "no data") await ledger.latchStop(rolloutId, stop);
}

/** The checkpoint of the poll keeps the decision as well, a moment later. */
function logNotLatched({ log }: Ports, rolloutId: string) {
  return (error: unknown): void => {
    log.info("stop not kept", { rolloutId, problem: error instanceof Error ? error.name : "unknown" });
  };
}

/** How old a reading of the controls may be when a request starts. */
export const CONTROLS_AGE_MS = 5_000;

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

/** @throws LockLostError when the controls show another holder, or none */
export function refuseLostLock(lock: Lock, controls: LockAndControls): void {
  if (holdsLock(lock, controls)) return;
  throw new LockLostError(lock.rolloutId, controls.lock?.rolloutId);
}
