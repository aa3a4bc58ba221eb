import type { CommandRecord, GateInputs, LockAndControls } from "../records.ts";
import { type Abort, type AppliedCommands, applyCommands, type CommandState, passTime } from "./apply-commands.ts";
import { type Decision, type OnFailure, type Stop, toStop } from "./decision.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA" | "missing" | "unreadable";

export interface AlarmReading {
  readonly name: string;
  readonly state: AlarmState;
  readonly reason?: string | undefined;
}

/** What one look shows. */
export interface GateSnapshot extends GateInputs {
  readonly alarms: readonly AlarmReading[];
}

export interface GateRules {
  readonly onFailure: OnFailure;
  /** How long alarms may show nothing: exactly so long passes. */
  readonly noDataSeconds: number;
  /** Its time is a rest, not a bake: `skip-bake` and `skip-all-bakes` do not end it. */
  readonly isRest?: boolean | undefined;
}

/** A wait between two looks at the world. Its time is nominal, the sum of the waits: no clock is read. */
export interface GateState {
  /** Of the bake. Only time that all alarms could be watched counts. */
  readonly leftSeconds: number;
  /** Since the last look that every alarm showed something at. */
  readonly blindSeconds: number;
  readonly commandState: CommandState;
  /** Until the next look, 1 to 60; 0 before the first. So much will have passed then. */
  readonly waitSeconds: number;
  /** Why it does not go on, beyond the bake. */
  readonly heldBy?: string | undefined;
  /** Of that, the alarms that cannot be watched. */
  readonly blindTo?: readonly string[] | undefined;
  /** What the decision to proceed will tell. */
  readonly notes?: readonly string[] | undefined;
  /** When it is there, the watch is over. */
  readonly decision?: Decision | undefined;
}

const MOST_WAIT_SECONDS = 60;
/** CloudWatch gives up to 1,023 characters for each alarm, and a checkpoint holds them all. */
const MOST_REASON_CHARACTERS = 200;
const MOST_DESCRIBED = 50;
const MOST_HELD_BY = 5;

/** A watch that has not looked yet: the first look comes at once. */
export function beginGate(bakeSeconds: number, commandState: CommandState): GateState {
  const { seen, skipAllBakes, pausedSeconds } = commandState;
  const skipped = skipAllBakes && bakeSeconds > 0;
  return {
    leftSeconds: skipAllBakes ? 0 : Math.ceil(bakeSeconds),
    blindSeconds: 0,
    commandState: { seen, skipAllBakes, ...(pausedSeconds !== undefined && { pausedSeconds }) },
    waitSeconds: 0,
    ...(skipped && { notes: ["without a bake: an earlier command asked for no more waiting"] }),
  };
}

/** One look: an abort, a failing alarm or too long without data ends the watch; else it goes on until the bake is over and nothing holds. */
export function evaluateGate(state: GateState, snapshot: GateSnapshot, rules: GateRules): GateState {
  if (state.decision !== undefined) return state;
  const look = takeLook(state, snapshot, rules);
  const decision = stopAtOnce(look, rules);
  if (decision !== undefined) return { ...look.state, decision };
  const blindTo = describeAlarms(look.blindTo, MOST_HELD_BY);
  const heldBy = [...blindTo, ...toHolds(look.state.commandState, snapshot.controls)];
  const { leftSeconds, notes = [] } = look.state;
  if (leftSeconds === 0 && heldBy.length === 0) {
    return { ...look.state, decision: { decision: "proceed", reasons: notes } };
  }
  return {
    ...look.state,
    waitSeconds: look.blindTo.length > 0 ? MOST_WAIT_SECONDS : toWait(look.state),
    ...(heldBy.length > 0 && { heldBy: heldBy.join("; ") }),
    ...(blindTo.length > 0 && { blindTo }),
  };
}

/** Why it waits after a look; undefined when it does not, or has not looked yet. */
export function whyWaits(
  { waitSeconds, heldBy }: GateState,
  { isRest = false }: Pick<GateRules, "isRest"> = {},
): string | undefined {
  return waitSeconds === 0 ? undefined : (heldBy ?? (isRest ? "its rest" : "its bake"));
}

/** Looks take time that no bake and no pause counts: of a long one it is told again how much is left. */
function toTenMinutes({ leftSeconds, commandState: { pausedSeconds = 0 } }: GateState): string {
  return [leftSeconds, pausedSeconds].map((seconds) => Math.ceil(seconds / 600)).join();
}

/**
 * Whether a look shows what could not be told from the one before: that it waits, for something else, or less long, or
 * what has become of commands.
 */
export function isNews(before: GateState, after: GateState): boolean {
  const passed = after.blindTo === undefined ? before.leftSeconds - before.waitSeconds : before.leftSeconds;
  const isLessLong = after.leftSeconds < Math.max(0, passed);
  const hasTakenIn = whyWaits(after) !== undefined && before.commandState.seen !== after.commandState.seen;
  const isOther = whyWaits(before) !== whyWaits(after) || toTenMinutes(before) !== toTenMinutes(after);
  return isOther || isLessLong || hasTakenIn;
}

/** What has become of a watch by this look, before anything is decided. */
interface Look {
  readonly state: GateState;
  readonly abort: AppliedCommands["abort"];
  /** What an earlier look has decided, be it over by now: going back to OK takes nothing back. */
  readonly stop: GateSnapshot["stop"];
  readonly alarming: readonly AlarmReading[];
  readonly blindTo: readonly AlarmReading[];
}

function takeLook(before: GateState, snapshot: GateSnapshot, { isRest }: GateRules): Look {
  const { leftSeconds, blindSeconds, commandState, waitSeconds, notes = [] } = before;
  const { skipBake, abort, ...steered } = applyCommands(passTime(commandState, waitSeconds), snapshot.commands);
  const blindTo = snapshot.alarms.filter(({ state }) => state !== "OK" && state !== "ALARM");
  const left = blindTo.length > 0 ? leftSeconds : Math.max(0, leftSeconds - waitSeconds);
  const endsBake = left > 0 && !isRest && (skipBake || steered.skipAllBakes);
  const reasons = endsBake ? [...notes, ...snapshot.commands.slice(commandState.seen).flatMap(toNote)] : notes;
  return {
    state: {
      leftSeconds: endsBake ? 0 : left,
      blindSeconds: blindTo.length > 0 ? blindSeconds + waitSeconds : 0,
      commandState: passTime(steered, 0),
      waitSeconds: 0,
      ...(reasons.length > 0 && { notes: reasons }),
    },
    abort,
    stop: snapshot.stop,
    alarming: snapshot.alarms.filter(({ state }) => state === "ALARM"),
    blindTo,
  };
}

function stopAtOnce(
  { state, abort, stop, alarming, blindTo }: Look,
  { onFailure, noDataSeconds }: GateRules,
): Decision | undefined {
  if (abort !== undefined) {
    return toAbort(abort, stop?.reasons ?? describeAlarms(alarming, MOST_DESCRIBED));
  }
  if (stop !== undefined) return stop;
  if (alarming.length > 0) return toStop(onFailure, "alarm", describeAlarms(alarming, MOST_DESCRIBED));
  if (state.blindSeconds <= noDataSeconds) return undefined;
  const since = `not all alarms could be watched for ${state.blindSeconds} s, the policy allows ${noDataSeconds} s`;
  return toStop(onFailure, "no data", [since, ...describeAlarms(blindTo, MOST_DESCRIBED)]);
}

/** Why an abort stops a rollout, and why it would have stopped without one. */
export function toAbort({ rollback, by, reason }: Abort, alsoWhy: readonly string[]): Stop {
  return toStop(rollback ? "rollback" : "halt", "abort", [`aborted by ${by}: ${reason}`, ...alsoWhy]);
}

function toHolds({ pausedSeconds }: CommandState, { stopped }: LockAndControls): readonly string[] {
  return [
    ...(pausedSeconds !== undefined ? ["paused"] : []),
    ...(stopped !== undefined ? [`everything was stopped by ${stopped.requestedBy}: ${stopped.reason}`] : []),
  ];
}

/** So that there is a look exactly when the bake ends, and when a pause does. */
function toWait({ leftSeconds, commandState: { pausedSeconds = 0 } }: GateState): number {
  return Math.min(...[leftSeconds, pausedSeconds].filter((seconds) => seconds > 0), MOST_WAIT_SECONDS);
}

function toNote({ command, requestedBy, reason }: CommandRecord): readonly string[] {
  if (command === "skip-bake") return [`the bake was skipped by ${requestedBy}: ${reason}`];
  return command === "skip-all-bakes" ? [`no more waiting, by ${requestedBy}: ${reason}`] : [];
}

/** Each alarm with its reason; beyond so many only the names, because a checkpoint holds them. */
function describeAlarms(alarms: readonly AlarmReading[], most: number): readonly string[] {
  const more = alarms.slice(most).map(({ name }) => name);
  const described = alarms.slice(0, most).map(describeAlarm);
  return more.length === 0 ? described : [...described, `and ${more.length} more: ${more.join(", ")}`];
}

function describeAlarm({ name, state, reason }: AlarmReading): string {
  const line = (reason ?? "").slice(0, MOST_REASON_CHARACTERS).replace(/\s+/g, " ").trim();
  const told = line === "" ? "" : `: ${line}`;
  return `alarm ${name} ${ALARM_WORDS[state]}${told}`;
}

const ALARM_WORDS: Readonly<Record<AlarmState, string>> = {
  OK: "is OK",
  ALARM: "is in ALARM",
  INSUFFICIENT_DATA: "has no data (INSUFFICIENT_DATA)",
  missing: "does not exist",
  unreadable: "cannot be read",
};
