import type { Lock, LockAndControls } from "../../core/controls.ts";
import { FinalError } from "../../core/final-error.ts";
import type { CommandState } from "../../core/gate/apply-commands.ts";
import { isStop } from "../../core/gate/decision.ts";
import {
  type AlarmReading,
  beginGate,
  EMPTY_SNAPSHOT,
  evaluateGate,
  type GateSnapshot,
  type GateState,
} from "../../core/gate/evaluate-gate.ts";
import { OutOfTimeError } from "../../core/out-of-time-error.ts";
import type { StopSignal } from "../flip/stop-signal.ts";
import type { Ports } from "../ports.ts";
import type { GateConfig } from "./gate-config.ts";
import { areRead, latchStop, readGateInputs } from "./gate-poller.ts";

/** The gate while a part works: lock, controls, commands, alarms and failures. Its decisions reach the stop signal. */
export interface Guard {
  /**
   * Before each request: reads an old snapshot again, so that a stop also reaches a batch that Evo Voice
   * throttles for long. @throws LockLostError, and OutOfTimeError when no further request may begin
   */
  assertFresh(): Promise<void>;
  /** Before each batch: reads everything and decides. Returns the controls. @throws LockLostError */
  refresh(): Promise<LockAndControls>;
  /** Decides again when more customers have failed, in the order in which the failures become known. */
  countFailures(failures: number): void;
  /** Whether the work must end. A ledger that cannot be read for a moment is read again, at the next request at the latest. */
  isOver(): Promise<boolean>;
  /** The effect of the commands that were applied so far. */
  commandState(): CommandState;
}

export interface GuardOptions {
  readonly rolloutId: string;
  readonly lock: Lock;
  readonly gateConfig: GateConfig;
  readonly commandState: CommandState;
  readonly stopSignal: StopSignal;
  /** Failures before this part. @default 0 */
  readonly failed?: number;
}

/** How old a reading of the controls may be when a request starts. */
export const CONTROLS_AGE_MS = 5_000;

/** How old a reading of the alarms may be. */
export const ALARMS_AGE_MS = 60_000;

export function createGuard(ports: Ports, options: GuardOptions): Guard {
  const { rolloutId, gateConfig, stopSignal } = options;
  const alarms = createAlarmCache(ports, gateConfig);
  let { commandState, failed = 0 } = options;
  let latest: Omit<GateSnapshot, "failed"> = EMPTY_SNAPSHOT;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<LockAndControls> | undefined;
  let isCalledOff = false;

  async function assertFresh(): Promise<void> {
    // A late answer may be too old itself: the lock may have been lost meanwhile.
    while (!isFresh()) await (reading ?? refresh());
    if (isCalledOff) throw new OutOfTimeError("called off by the gate: a command, the controls, an alarm or failures");
  }

  function isFresh(): boolean {
    return !alarms.isDue() && ports.nowMs() - readAtMs < CONTROLS_AGE_MS;
  }

  /** One reading after the other, so that an earlier reading never replaces a later one. */
  function refresh(): Promise<LockAndControls> {
    const next = (reading ?? Promise.resolve()).catch(() => undefined).then(readAndDecide);
    const end = () => {
      if (reading === next) reading = undefined;
    };
    next.then(end, end);
    reading = next;
    return next;
  }

  /** The alarms first: however long CloudWatch takes, the controls are as new as they can be. */
  async function readAndDecide(): Promise<LockAndControls> {
    if (alarms.isDue()) readAtMs = Number.NEGATIVE_INFINITY;
    const readings = await alarms.recent();
    const atMs = ports.nowMs();
    const snapshot = { ...(await readGateInputs(ports, options, gateConfig)), alarms: readings };
    const state = evaluate(snapshot);
    if (isStop(state.decision)) {
      isCalledOff = true;
      await latchStop(ports, rolloutId, state.decision);
    }
    latest = snapshot;
    apply(state);
    readAtMs = atMs;
    return snapshot.controls;
  }

  function countFailures(failures: number): void {
    failed += failures;
    if (failures > 0) apply(evaluate(latest));
  }

  function evaluate(snapshot: Omit<GateSnapshot, "failed">): GateState {
    return evaluateGate(beginGate(0, commandState), { ...snapshot, failed }, gateConfig.rules);
  }

  function apply({ decision, commandState: applied }: GateState): void {
    isCalledOff ||= decision?.decision !== "proceed";
    // The wait after a held part applies the commands that hold it. A command that stops the flips is applied here: it
    // must not stop the rollback as well.
    if (decision === undefined) stopSignal.hold();
    else commandState = applied;
    if (isStop(decision)) stopSignal.stop(decision);
  }

  async function isOver(): Promise<boolean> {
    try {
      await assertFresh();
    } catch (error) {
      if (error instanceof FinalError) stopSignal.fail(error);
      return isCalledOff || error instanceof FinalError;
    }
    return false;
  }

  return {
    assertFresh,
    refresh,
    countFailures,
    isOver,
    commandState: () => commandState,
  };
}

interface AlarmCache {
  isDue(): boolean;
  /** Callers at the same time share one reading. */
  recent(): Promise<readonly AlarmReading[]>;
}

/** CloudWatch is asked once a minute, however many requests ask. */
function createAlarmCache({ readAlarms, nowMs }: Ports, { alarms: names, sinceMs: from }: GateConfig): AlarmCache {
  let sinceMs = from;
  let readings: Promise<readonly AlarmReading[]> = Promise.resolve([]);
  let readAtMs = names.length === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const isDue = () => nowMs() - readAtMs >= ALARMS_AGE_MS;
  const read = async (atMs: number) => {
    const found = await readAlarms(names, sinceMs);
    if (areRead(found)) sinceMs = atMs;
    return found;
  };
  return {
    isDue,
    recent() {
      if (isDue()) {
        readAtMs = nowMs();
        readings = read(readAtMs).catch((error: unknown) => {
          readAtMs = Number.NEGATIVE_INFINITY;
          throw error;
        });
      }
      return readings;
    },
  };
}
