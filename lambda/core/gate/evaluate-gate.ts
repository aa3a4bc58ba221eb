import { isDeepStrictEqual } from "node:util";
import { type LockAndControls, toStopped } from "../controls.ts";
import { type FreezeInForce, toFrozen } from "../freezes.ts";
import type { AlarmState } from "../reason-types.ts";
import type { Reason } from "../reasons.ts";
import {
  type Abort,
  type Answer,
  applyCommands,
  type CommandRecord,
  type CommandState,
  findAnswer,
  passTime,
  type Unanswered,
} from "./apply-commands.ts";
import { type Decision, type Stop, toStop } from "./decision.ts";
import { type FailureRules, findBudgetStop } from "./failure-limit.ts";
import { toHoldInterval } from "./poll-interval.ts";
import { type ExecutionShare, stopToKeepReserve } from "./rollback-reserve.ts";

/** What the ledger says about one rollout at a gate. */
export interface GateInputs {
  readonly controls: LockAndControls;
  /** All commands that were ever sent to the rollout. */
  readonly commands: readonly CommandRecord[];
  /** The latched stop: an alarm, which may be OK again at the next poll. */
  readonly stop?: Stop | undefined;
}

/** A gate at its last poll that found something new. */
export interface GateRecord {
  /** ISO 8601. */
  readonly at: string;
  /** The remaining time of the bake. A bake passes only while every alarm has data. */
  readonly bakeLeftSeconds: number;
  /** Alarms without data. */
  readonly noData: readonly Reason[];
  /** Of every alarm that it watches. */
  readonly alarms: readonly Pick<AlarmReading, "name" | "state">[];
  /** How many of the commands the rollout had applied. */
  readonly commandsSeen: number;
  /** The remaining time of the pause; 0 without a pause. */
  readonly pauseLeftSeconds: number;
}

export interface AlarmReading {
  readonly name: string;
  readonly state: AlarmState;
  readonly reason?: string | undefined;
}

/** What one poll of a gate shows: controls, commands, the latched stop, alarms and failures. */
export interface GateSnapshot extends GateInputs {
  readonly alarms: readonly AlarmReading[];
  /** How many customers of the rollout have failed so far. */
  readonly failed: number;
  /** Where flips follow: the freeze that applies. */
  readonly freeze?: FreezeInForce | undefined;
  /** Since the rollout began. @default 0, while a part works */
  readonly elapsedMs?: number | undefined;
}

/** The snapshot before anything was read. */
export const EMPTY_SNAPSHOT: GateSnapshot = {
  controls: { fence: 0, holds: {}, protectedIds: [] },
  commands: [],
  alarms: [],
  failed: 0,
};

export interface GateRules extends FailureRules {
  /** How long alarms may show no data. This time itself still passes. */
  readonly noDataSeconds: number;
  /** Its time is a planned wait, not a bake: `skip-bake` and `skip-all-bakes` do not end it. */
  readonly isDelay?: boolean | undefined;
  /** Which wave waits for an approval, and how long it may wait. The front door takes no later answer. */
  readonly approval?: { readonly asked: Unanswered; readonly seconds: number } | undefined;
  /** Between two polls of a bake. @default 60 */
  readonly pollSeconds?: number | undefined;
  /** What the work may use of its execution. */
  readonly executionShare?: ExecutionShare | undefined;
}

/** A gate between two polls. Its time is nominal, the sum of the waits: no clock is read. */
export interface GateState {
  /** Of the bake. Only time during which every alarm had data counts. */
  readonly leftSeconds: number;
  /** Since the last poll at which every alarm had data, and no minute more: before it, alarms had data. */
  readonly blindSeconds: number;
  /** Since the first of the polls in a row that found something that holds the rollout. */
  readonly heldSeconds: number;
  /** The durable operations of the execution so far, this gate's polls included. */
  readonly operations: number;
  /** When all alarms were read last, in epoch milliseconds. */
  readonly alarmsReadAtMs?: number | undefined;
  readonly commandState: CommandState;
  /** Until the next poll; 0 before the first poll. */
  readonly waitSeconds: number;
  /** Why the rollout waits, beyond the bake. */
  readonly heldBy?: readonly Reason[] | undefined;
  /** Of these, the alarms without data. */
  readonly blindTo?: readonly Reason[] | undefined;
  /** The reasons that a decision to proceed will have. A stop leaves them here: a wave was approved also when an alarm ends it. */
  readonly notes?: readonly Reason[] | undefined;
  /** Present when the gate is over. */
  readonly decision?: Decision | undefined;
}

const MINUTE = 60;
/** CloudWatch gives up to 1,023 characters for each alarm, and a checkpoint holds them all. */
const MOST_REASON_CHARACTERS = 200;
const MOST_DESCRIBED = 50;
const MOST_HELD_BY = 5;

/** A gate before its first poll, which has no wait before it. `operations`: those of the execution before the gate. */
export function beginGate(bakeSeconds: number, commandState: CommandState, operations = 0): GateState {
  const { seen, skipAllBakes, pausedSeconds } = commandState;
  const skipped = skipAllBakes && bakeSeconds > 0;
  return {
    leftSeconds: skipAllBakes ? 0 : Math.ceil(bakeSeconds),
    blindSeconds: 0,
    heldSeconds: 0,
    operations,
    commandState: { seen, skipAllBakes, ...(pausedSeconds !== undefined && { pausedSeconds }) },
    waitSeconds: 0,
    ...(skipped && { notes: [{ code: "bake-skipped-earlier" }] as const }),
  };
}

/**
 * The one decision of a rollout, in a wave and in its bake alike. An abort, a latched stop, too many failures, an alarm or
 * too long without data stop the rollout. Otherwise the gate proceeds once the bake is over and nothing holds it.
 * A wave that waits for an approval is held until its answer.
 */
export function evaluateGate(state: GateState, snapshot: GateSnapshot, rules: GateRules): GateState {
  if (state.decision !== undefined) return state;
  const poll = applyPoll(state, snapshot, rules);
  const stop = findStop(poll, snapshot, rules);
  if (stop !== undefined) return { ...poll.state, decision: stop };
  const blindTo = describeAlarms(poll.blindTo, MOST_HELD_BY);
  const unanswered = rules.approval !== undefined && poll.answer === undefined ? [rules.approval.asked] : [];
  const heldBy = [...blindTo, ...toHolds(poll.state.commandState, snapshot), ...unanswered];
  const { leftSeconds, notes = [] } = poll.state;
  if (leftSeconds === 0 && heldBy.length === 0)
    return { ...poll.state, decision: { decision: "proceed", reasons: notes } };
  return {
    ...poll.state,
    waitSeconds: toWait(poll, heldBy.length > 0, rules),
    ...(heldBy.length > 0 && { heldBy }),
    ...(blindTo.length > 0 && { blindTo }),
  };
}

/** The gate after the time and the commands of a poll, before anything is decided. */
interface Poll {
  readonly state: GateState;
  readonly abort: Abort | undefined;
  readonly blindTo: readonly AlarmReading[];
  readonly freeze: FreezeInForce | undefined;
  /** Of the wave that waits for an approval. */
  readonly answer: Answer | undefined;
}

function applyPoll(
  before: GateState,
  { alarms, commands, freeze }: GateSnapshot,
  { isDelay, approval }: GateRules,
): Poll {
  const { leftSeconds, commandState, waitSeconds, notes = [] } = before;
  const { skipBake, abort, ...applied } = applyCommands(passTime(commandState, waitSeconds), commands);
  const blindTo = alarms.filter(({ state }) => state !== "OK" && state !== "ALARM");
  const left = blindTo.length > 0 ? leftSeconds : Math.max(0, leftSeconds - waitSeconds);
  const endsBake = left > 0 && !isDelay && (skipBake || applied.skipAllBakes);
  const answer = approval && findAnswer(commands, approval.asked.wave);
  const approved = answer?.command === "approve" && !notes.some(({ code }) => code === "approved") ? [answer] : [];
  const reasons: readonly Reason[] = [
    ...notes,
    ...(endsBake ? commands.slice(commandState.seen).flatMap(toNote) : []),
    ...approved.map((each) => ({ code: "approved", ...toAnswered(each) }) as const),
  ];
  const state: GateState = {
    leftSeconds: endsBake ? 0 : left,
    blindSeconds: blindTo.length > 0 ? toBlind(before) : 0,
    heldSeconds: before.heldBy === undefined ? 0 : before.heldSeconds + waitSeconds,
    operations: before.operations + 1,
    commandState: passTime(applied, 0),
    waitSeconds: 0,
    ...(reasons.length > 0 && { notes: reasons }),
  };
  return { state, abort, blindTo, freeze, answer };
}

/** A long bake is polled rarely: a poll without data does not show how long there was none before it. */
function toBlind({ blindTo, blindSeconds, waitSeconds }: GateState): number {
  return blindTo === undefined ? Math.min(waitSeconds, MINUTE) : blindSeconds + waitSeconds;
}

/** The latched stop is what an earlier poll decided: an alarm that is OK again does not cancel it. */
function findStop({ abort, ...poll }: Poll, snapshot: GateSnapshot, rules: GateRules): Stop | undefined {
  const used = { operations: poll.state.operations, elapsedMs: snapshot.elapsedMs ?? 0 };
  const stop =
    snapshot.stop ??
    findBudgetStop(snapshot, rules) ??
    findAlarmStop(snapshot, rules) ??
    (rules.executionShare && stopToKeepReserve(used, rules.executionShare));
  if (abort !== undefined) return toAbort(abort, stop?.reasons ?? []);
  return stop ?? findBlindStop(poll.state, poll.blindTo, rules) ?? findNo(poll, rules);
}

/** A rejection, or no answer in time. A poll without all data may have missed an answer. */
function findNo({ state, blindTo, answer }: Omit<Poll, "abort">, { approval, onFailure }: GateRules): Stop | undefined {
  if (answer?.command === "reject") return toStop(onFailure, "approval", [{ code: "rejected", ...toAnswered(answer) }]);
  if (approval === undefined || answer !== undefined || blindTo.length > 0) return undefined;
  const { asked, seconds } = approval;
  if (state.heldSeconds < seconds) return undefined;
  return toStop(onFailure, "approval", [{ code: "not-approved-in-time", wave: asked.wave, seconds }]);
}

/** Why an abort stops a rollout, and why the rollout would have stopped without the abort. */
export function toAbort({ rollback, by, reason }: Abort, alsoWhy: readonly Reason[]): Stop {
  return toStop(rollback ? "rollback" : "halt", "abort", [{ code: "aborted", by, why: reason }, ...alsoWhy]);
}

function findAlarmStop({ alarms }: GateSnapshot, { onFailure }: GateRules): Stop | undefined {
  const alarming = alarms.filter(({ state }) => state === "ALARM");
  return alarming.length === 0 ? undefined : toStop(onFailure, "alarm", describeAlarms(alarming, MOST_DESCRIBED));
}

function findBlindStop(
  { blindSeconds }: GateState,
  blindTo: readonly AlarmReading[],
  { onFailure, noDataSeconds }: GateRules,
): Stop | undefined {
  if (blindSeconds <= noDataSeconds) return undefined;
  const noData: Reason = { code: "no-data", seconds: blindSeconds, allowedSeconds: noDataSeconds };
  return toStop(onFailure, "no data", [noData, ...describeAlarms(blindTo, MOST_DESCRIBED)]);
}

function toHolds({ pausedSeconds }: CommandState, { controls, freeze }: GateSnapshot): readonly Reason[] {
  const { stopped } = controls;
  return [
    ...(pausedSeconds !== undefined ? [{ code: "paused" } as const] : []),
    ...(stopped !== undefined ? [toStopped(stopped)] : []),
    ...(freeze !== undefined ? [toFrozen(freeze)] : []),
  ];
}

function toAnswered({ wave, requestedBy, via, at, reason }: Answer) {
  return { wave, by: requestedBy, via, at, why: reason };
}

/** A poll comes exactly when a pause or a freeze ends, when a bake ends that passes, and when an approval has waited long enough. */
function toWait(
  { state, blindTo, freeze }: Poll,
  isHeld: boolean,
  { pollSeconds = MINUTE, approval }: GateRules,
): number {
  const { leftSeconds, heldSeconds, commandState } = state;
  const { pausedSeconds = 0 } = commandState;
  const unanswered = approval === undefined ? 0 : approval.seconds - heldSeconds;
  const ends = [blindTo.length > 0 ? 0 : leftSeconds, pausedSeconds, unanswered, freeze?.leftSeconds ?? 0].filter(
    (seconds) => seconds > 0,
  );
  return Math.min(...ends, isHeld ? toHoldInterval(heldSeconds) : pollSeconds);
}

function toNote({ command, requestedBy, reason }: CommandRecord): readonly Reason[] {
  const by = { by: requestedBy, why: reason };
  if (command === "skip-bake") return [{ code: "bake-skipped", ...by }];
  return command === "skip-all-bakes" ? [{ code: "all-bakes-skipped", ...by }] : [];
}

/** The first alarms with their reasons, and only the names of the others, because a checkpoint holds them. */
function describeAlarms(alarms: readonly AlarmReading[], most: number): readonly Reason[] {
  const more = alarms.slice(most).map(({ name }) => name);
  const described = alarms.slice(0, most).map(describeAlarm);
  return more.length === 0 ? described : [...described, { code: "more-alarms", alarms: more }];
}

function describeAlarm({ name, state, reason }: AlarmReading): Reason {
  const line = (reason ?? "").slice(0, MOST_REASON_CHARACTERS).replace(/\s+/g, " ").trim();
  return { code: "alarm", alarm: name, state, ...(line !== "" && { detail: line }) };
}

/** Why the rollout waits after a poll; undefined when it does not wait, or was not polled yet. */
export function whyWaits(
  { waitSeconds, heldBy }: GateState,
  { isDelay = false }: Pick<GateRules, "isDelay"> = {},
): readonly Reason[] | undefined {
  return waitSeconds === 0 ? undefined : (heldBy ?? [{ code: isDelay ? "delayed" : "baking" }]);
}

/** Whether a poll shows of a wait what the poll before did not: its cause, its remaining time or the applied commands. */
export function isNews(before: GateState, after: GateState): boolean {
  const waits = [before, after].some((state) => whyWaits(state) !== undefined);
  return waits && !isDeepStrictEqual(toShown(before), toShown(after));
}

function toShown(state: GateState) {
  const { leftSeconds, commandState } = state;
  return [whyWaits(state), leftSeconds, commandState.pausedSeconds, commandState.seen];
}
