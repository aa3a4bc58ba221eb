import { FinalError } from "../../core/final-error.ts";
import type { CommandState } from "../../core/gate/apply-commands.ts";
import { isStop } from "../../core/gate/decision.ts";
import { type AlarmReading, beginGate, evaluateGate } from "../../core/gate/evaluate-gate.ts";
import { OutOfTimeError } from "../../core/out-of-time-error.ts";
import type { Lock, LockAndControls } from "../../core/records.ts";
import type { StopSignal } from "../flip/stop-signal.ts";
import type { Connection, Ports } from "../ports.ts";
import { CONTROLS_AGE_MS } from "./lock.ts";
import { patrol } from "./patrol.ts";
import { type GateConfig, keepStop, readGateInputs } from "./poll-gate.ts";

/** What a part looks out for while it works: the lock, controls, commands and alarms. */
export interface Guard {
  /**
   * Right before each request: what was read too long ago is read again, so that it counts also in a batch that Evo Voice
   * throttles for long. @throws LockLostError, and OutOfTimeError when nothing more is to begin
   */
  recent(): Promise<void>;
  /** Before each batch: what it sees may put on the brake. Gives the controls. @throws LockLostError */
  look(): Promise<LockAndControls>;
  /** Does the work, and looks out meanwhile, also while nobody's turn comes: what ends the work ends the connection. */
  during<Result>(connection: Pick<Connection, "close">, work: () => Promise<Result>): Promise<Result>;
  /** What the commands taken in so far come to. */
  commandState(): CommandState;
}

export interface GuardOptions {
  readonly rolloutId: string;
  readonly lock: Lock;
  readonly gateConfig: GateConfig;
  readonly commandState: CommandState;
  readonly stopSignal: StopSignal;
}

/** How old a reading of the alarms may be: as far apart as a watch reads them. */
export const ALARMS_AGE_MS = 60_000;

export function createGuard(ports: Ports, options: GuardOptions): Guard {
  const { rolloutId, gateConfig, stopSignal } = options;
  const alarms = createAlarmReading(ports, gateConfig.alarms);
  let commandState = options.commandState;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<unknown> | undefined;
  let isCalledOff = false;

  const isRecent = () => !alarms.isDue() && ports.nowMs() - readAtMs < CONTROLS_AGE_MS;

  /** The alarms first: however long CloudWatch takes, the controls are as new as they can be. */
  async function see(): Promise<LockAndControls> {
    if (alarms.isDue()) readAtMs = Number.NEGATIVE_INFINITY;
    const readings = await alarms.recent();
    const atMs = ports.nowMs();
    const snapshot = { ...(await readGateInputs(ports, options, gateConfig)), alarms: readings };
    const seen = evaluateGate(beginGate(0, commandState), snapshot, gateConfig.rules);
    isCalledOff ||= seen.decision?.decision !== "proceed";
    // What holds a part is taken in by the wait that follows; what stops it must not stop the rollback after it.
    if (seen.decision === undefined) stopSignal.hold();
    else commandState = seen.commandState;
    if (isStop(seen.decision)) {
      await keepStop(ports, rolloutId, seen.decision);
      stopSignal.stop(seen.decision);
    }
    readAtMs = atMs;
    return snapshot.controls;
  }

  /** One after the other, so that what an earlier one saw never counts for more than what a later one did. */
  function look(): Promise<LockAndControls> {
    const next = (reading ?? Promise.resolve()).catch(() => undefined).then(see);
    const end = () => {
      if (reading === next) reading = undefined;
    };
    next.then(end, end);
    reading = next;
    return next;
  }

  async function recent(): Promise<void> {
    // Again, when the answer came so late that it is too old itself: the lock may have been lost meanwhile.
    while (!isRecent()) await (reading ?? look());
    if (isCalledOff) throw new OutOfTimeError("called off by a command, an order or an alarm");
  }

  /** Whether it is over. What only the ledger's mood keeps from being read is read again, at the next request at the latest. */
  async function isOver(): Promise<boolean> {
    try {
      await recent();
    } catch (error) {
      if (error instanceof FinalError) stopSignal.fail(error);
      return isCalledOff || error instanceof FinalError;
    }
    return false;
  }

  return {
    recent,
    look,
    commandState: () => commandState,
    during: (connection, work) => patrol(ports, { isOver, end: connection.close }, work),
  };
}

interface AlarmReadings {
  isDue(): boolean;
  /** Callers at the same time share one reading. */
  recent(): Promise<readonly AlarmReading[]>;
}

/** However many parts of the work ask, CloudWatch is asked once a minute. */
function createAlarmReading({ readAlarms, nowMs }: Ports, names: readonly string[]): AlarmReadings {
  let readings: Promise<readonly AlarmReading[]> = Promise.resolve([]);
  let readAtMs = names.length === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const isDue = () => nowMs() - readAtMs >= ALARMS_AGE_MS;
  return {
    isDue,
    recent() {
      if (isDue()) {
        readAtMs = nowMs();
        readings = readAlarms(names).catch((error: unknown) => {
          readAtMs = Number.NEGATIVE_INFINITY;
          throw error;
        });
      }
      return readings;
    },
  };
}
