import { describeStop, type LockAndControls } from "../core/controls.ts";
import type { CommandRecord } from "../core/gate/apply-commands.ts";
import type { GateInputs, GateRecord } from "../core/gate/evaluate-gate.ts";
import { describeReason } from "../core/reasons.ts";
import type { HoldReason, Noted, RolloutProgress } from "../core/report/rollout-progress.ts";
import { formatSeconds } from "../core/report/text-layout.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { findPhase } from "./find-phase.ts";

export interface ProgressFacts extends GateInputs {
  readonly record: Pick<RolloutRecord, "status" | "startedAtMs" | "event" | "plan" | "lastEvent">;
  /** What the gate saw at its last poll. */
  readonly gate?: GateRecord | undefined;
  readonly nowMs: number;
}

/** Says where a rollout stands, from its last published change, the last poll of its gate, its commands and the controls. */
export function describeProgress({ record, gate, controls, commands, stop, nowMs }: ProgressFacts): RolloutProgress {
  const since = record.lastEvent?.at ?? new Date(record.startedAtMs).toISOString();
  // What held the rollout before its last change is over.
  const poll = gate !== undefined && gate.at >= since ? gate : undefined;
  const { phase, wave } = findPhase(record);
  const isStopping = stop !== undefined && (phase === "preparing" || phase === "flipping" || phase === "baking");
  const planned = record.plan?.waves.find((each) => each.wave === wave)?.bakeSeconds ?? 0;
  return {
    phase,
    ...(wave !== undefined && { wave }),
    since,
    ...(phase === "baking" && { bakeLeftSeconds: poll === undefined ? planned : findBakeLeft(poll, nowMs) }),
    heldBy: [
      ...(poll?.noData ?? []).map((alarm): HoldReason => ({ code: "no-data", message: describeReason(alarm) })),
      ...describeLock(record, controls),
      ...(poll === undefined ? [] : describePause(poll, commands)),
      ...describeStopSwitch(controls),
    ],
    noted: [
      ...(isStopping ? [{ code: "stop", message: `to be stopped: ${describeReason(stop.reasons)}` } as const] : []),
      ...commands.filter((command, index) => lasts(command) || index >= (gate?.commandsSeen ?? 0)).map(describeCommand),
    ],
  };
}

/** A bake passes only while every alarm has data. */
function findBakeLeft({ at, bakeLeftSeconds, noData }: GateRecord, nowMs: number): number {
  const passedSeconds = noData.length > 0 ? 0 : (nowMs - Date.parse(at)) / 1_000;
  return Math.max(0, Math.ceil(bakeLeftSeconds - passedSeconds));
}

function describeLock({ status, event }: ProgressFacts["record"], { lock }: LockAndControls): readonly HoldReason[] {
  if (status !== "waiting") return [];
  const holder =
    lock === undefined ? "the lock is free, and the rollout takes it soon" : `${lock.rolloutId} has the lock`;
  const until = event.notAfter === undefined ? "" : `; the rollout waits until ${event.notAfter} at most`;
  return [{ code: "locked", message: `${holder}${until}` }];
}

/** Before the rollout has taken a pause in, the pause is noted and does not hold it. */
function describePause(
  { at, pauseLeftSeconds, commandsSeen }: GateRecord,
  commands: readonly CommandRecord[],
): readonly HoldReason[] {
  const pause = commands.slice(0, commandsSeen).findLast(({ command }) => command === "pause");
  if (pauseLeftSeconds === 0 || pause === undefined) return [];
  const until = new Date(Date.parse(at) + pauseLeftSeconds * 1_000).toISOString();
  return [{ code: "paused", message: `paused by ${pause.requestedBy} until ${until}: ${pause.reason}` }];
}

function describeStopSwitch({ stopped }: LockAndControls): readonly HoldReason[] {
  return stopped === undefined ? [] : [{ code: "stopped", message: describeStop(stopped) }];
}

/** Works on until the rollout ends; the others are over once the rollout has taken them in. */
function lasts({ command }: CommandRecord): boolean {
  return command === "abort" || command === "skip-all-bakes";
}

function describeCommand({ command, pauseSeconds, requestedBy, reason, rollback, at }: CommandRecord): Noted {
  const by = `sent by ${requestedBy} at ${at}: ${reason}`;
  switch (command) {
    case "abort":
      return { code: command, message: `abort ${rollback === false ? "without" : "with"} a rollback, ${by}` };
    case "pause":
      return { code: command, message: `pause for ${formatSeconds(pauseSeconds ?? 0)}, ${by}` };
    case "resume":
    case "skip-bake":
    case "skip-all-bakes":
      return { code: command, message: `${command}, ${by}` };
  }
}
