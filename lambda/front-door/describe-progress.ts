import type { Freeze } from "../contract/freeze.ts";
import { toStopped } from "../core/controls.ts";
import { findFreezeOf, toFrozen } from "../core/freezes.ts";
import { type CommandRecord, findAnswer, toUnanswered } from "../core/gate/apply-commands.ts";
import type { GateInputs, GateRecord } from "../core/gate/evaluate-gate.ts";
import { explain, type Reason } from "../core/reasons.ts";
import type { Phase, RolloutProgress } from "../core/report/rollout-progress.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { findPhase } from "./find-phase.ts";

export interface ProgressFacts extends GateInputs {
  readonly record: Pick<RolloutRecord, "status" | "startedAtMs" | "event" | "plan" | "lastEvent">;
  /** What the gate saw at its last poll. */
  readonly gate?: GateRecord | undefined;
  /** Of the policy. */
  readonly freezes: readonly Freeze[];
  readonly nowMs: number;
}

/** Says where a rollout stands, from its last published change, the last poll of its gate, its commands and the controls. */
export function describeProgress(facts: ProgressFacts): RolloutProgress {
  const { record, gate, controls, commands, stop, nowMs } = facts;
  const since = record.lastEvent?.at ?? new Date(record.startedAtMs).toISOString();
  // What held the rollout before its last change is over.
  const poll = gate !== undefined && gate.at >= since ? gate : undefined;
  const { phase, wave } = findPhase(record);
  const isStopping = stop !== undefined && phase !== "rolling back" && phase !== "ending" && phase !== "waiting";
  const planned = record.plan?.waves.find((each) => each.wave === wave)?.bakeSeconds ?? 0;
  return {
    phase,
    ...(wave !== undefined && { wave }),
    since,
    ...(phase === "baking" && { bakeLeftSeconds: poll === undefined ? planned : findBakeLeft(poll, nowMs) }),
    alarms: poll?.alarms,
    heldBy: [
      ...(poll?.noData ?? []),
      ...findLock(facts),
      ...findUnanswered(facts),
      ...(poll === undefined ? [] : findPause(poll, commands)),
      // The stop switch holds flips, and a dry run has none.
      ...(controls.stopped === undefined || record.event.dryRun ? [] : [toStopped(controls.stopped)]),
      ...(FROZEN.includes(phase) ? findFrozen(facts) : []),
    ].map(explain),
    noted: [
      ...(isStopping ? [{ code: "stopping", why: stop.reasons } as const] : []),
      ...commands.filter((command, index) => lasts(command) || index >= (gate?.commandsSeen ?? 0)).map(toNoted),
    ].map(explain),
  };
}

/** A bake passes only while every alarm has data. */
function findBakeLeft({ at, bakeLeftSeconds, noData }: GateRecord, nowMs: number): number {
  const passedSeconds = noData.length > 0 ? 0 : (nowMs - Date.parse(at)) / 1_000;
  return Math.max(0, Math.ceil(bakeLeftSeconds - passedSeconds));
}

function findLock(facts: ProgressFacts): readonly Reason[] {
  const { status, event } = facts.record;
  const { lock } = facts.controls;
  if (status !== "waiting" || (lock === undefined && findFrozen(facts).length > 0)) return [];
  return [{ code: "waits-for-lock", holder: lock?.rolloutId, until: event.notAfter }];
}

/** A pause may hold a wave that was approved. */
function findUnanswered({ record: { lastEvent }, commands }: ProgressFacts): readonly Reason[] {
  if (lastEvent?.change !== "approval asked" || findAnswer(commands, lastEvent.wave) !== undefined) return [];
  return [toUnanswered(lastEvent)];
}

/** A bake goes on during a freeze. An approval may be given during one, and its wave begins after it. */
const FROZEN: readonly Phase[] = ["waiting", "preparing", "waiting for approval", "flipping"];

function findFrozen({ record, freezes, controls, nowMs }: ProgressFacts): readonly Reason[] {
  const freeze = findFreezeOf(record.event, freezes, controls, nowMs);
  return freeze === undefined ? [] : [toFrozen(freeze)];
}

/** Before the rollout has taken a pause in, the pause is noted and does not hold it. */
function findPause(
  { at, pauseLeftSeconds, commandsSeen }: GateRecord,
  commands: readonly CommandRecord[],
): readonly Reason[] {
  const pause = commands.slice(0, commandsSeen).findLast(({ command }) => command === "pause");
  if (pauseLeftSeconds === 0 || pause === undefined) return [];
  const until = new Date(Date.parse(at) + pauseLeftSeconds * 1_000).toISOString();
  return [{ code: "paused", by: pause.requestedBy, until, why: pause.reason }];
}

/** Works on until the rollout ends, or answers for a wave; the others are over once the rollout has taken them in. */
function lasts({ command }: CommandRecord): boolean {
  return ["abort", "skip-all-bakes", "approve", "reject"].includes(command);
}

export function toNoted(record: CommandRecord): Reason {
  const { command, pauseSeconds, requestedBy, via, reason, rollback, at, wave } = record;
  return { code: "command-noted", command, by: requestedBy, via, at, why: reason, pauseSeconds, rollback, wave };
}
