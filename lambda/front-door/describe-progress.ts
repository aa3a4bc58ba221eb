import { describeStop } from "../core/controls.ts";
import { toReason } from "../core/gate/decision.ts";
import { formatSeconds } from "../core/report/text-layout.ts";
import type { PlannedWave } from "../core/plan/plan.ts";
import type { CommandRecord, LockAndControls, RolloutRecord, GateInputs, RecordedGateState } from "../core/records.ts";
import { type Now, PAUSED, type Phase } from "../core/report/rollout-progress.ts";

export interface Known extends GateInputs {
  readonly record: Pick<RolloutRecord, "status" | "startedAtMs" | "event" | "plan" | "lastEvent">;
  readonly wait?: RecordedGateState | undefined;
  readonly nowMs: number;
}

/** Reads it from the last change that was told, from what the last look saw, and from what was ordered since. */
export function findNow({ record, wait: lastWait, controls, commands, stop, nowMs }: Known): Now {
  const since = record.lastEvent?.at ?? new Date(record.startedAtMs).toISOString();
  // What it waited for before the last change is over.
  const wait = lastWait !== undefined && lastWait.at >= since ? lastWait : undefined;
  const { phase, wave } = findPhase(record);
  const isStopping = stop !== undefined && (phase === "preparing" || phase === "flipping" || phase === "baking");
  return {
    phase,
    ...(wave !== undefined && { wave }),
    since,
    ...(phase === "baking" && { bakeLeftSeconds: findBakeLeft(record, wave, wait, nowMs) }),
    heldBy: [
      ...(wait?.blindTo ?? []),
      ...describeLock(record, controls),
      ...describePause({ phase, isRollback: record.event.action === "rollback", since, lastWait, commands, nowMs }),
      ...describeControls(controls),
    ],
    noted: [...(isStopping ? [`to be stopped: ${toReason(stop)}`] : []), ...commands.flatMap(describeCommand)],
  };
}

/** A bake passes only while all alarms can be watched. */
function findBakeLeft(
  { plan }: Known["record"],
  wave: number | undefined,
  wait: RecordedGateState | undefined,
  nowMs: number,
): number {
  if (wait === undefined) return plan?.waves.find((each) => each.wave === wave)?.bakeSeconds ?? 0;
  const passedMs = wait.blindTo.length > 0 ? 0 : nowMs - Date.parse(wait.at);
  return Math.max(0, Math.ceil(wait.bakeLeftSeconds - passedMs / 1_000));
}

function findPhase({ status, event, plan, lastEvent }: Known["record"]): Pick<Now, "phase" | "wave"> {
  if (status === "waiting") return { phase: "waiting" };
  if (event.action === "rollback") return { phase: lastEvent?.change === "rolled back" ? "ending" : "rolling back" };
  const waves = plan?.waves ?? [];
  switch (lastEvent?.change) {
    case undefined:
      return { phase: "preparing" };
    case "started":
      return flipFrom(waves, 1);
    case "wave done":
      return { phase: "baking", wave: lastEvent.wave };
    case "gate decided":
      if (lastEvent.decision === "proceed") return flipFrom(waves, lastEvent.wave + 1);
      return { phase: lastEvent.decision === "roll back" ? "rolling back" : "ending", wave: lastEvent.wave };
    case "rolled back":
    case "ended":
      return { phase: "ending" };
  }
}

/** Waves without customers are passed. */
function flipFrom(waves: readonly PlannedWave[], from: number): Pick<Now, "phase" | "wave"> {
  const next = waves.find(({ wave, customers }) => wave >= from && customers > 0);
  return next === undefined ? { phase: "ending" } : { phase: "flipping", wave: next.wave };
}

function describeLock({ status, event }: Known["record"], { lock }: LockAndControls): readonly string[] {
  if (status !== "waiting") return [];
  const until = event.notAfter === undefined ? "" : `; it waits until ${event.notAfter} at most`;
  return [lock === undefined ? `the lock is free, and is asked for soon${until}` : `${lock.rolloutId} runs${until}`];
}

interface Pausing extends Pick<Known, "commands" | "nowMs"> {
  readonly phase: Phase;
  readonly isRollback: boolean;
  readonly since: string;
  readonly lastWait: RecordedGateState | undefined;
}

/** Whoever looks does so once a minute; a pause that is over for longer without a word of it is over. */
const LATE_MS = 120_000;

/** A rollout counts the time of a pause from when it takes it in, and its looks say what is left of it. */
function describePause({ lastWait, ...pausing }: Pausing): readonly string[] {
  const { phase, since, commands, nowMs } = pausing;
  if (phase === "ending") return [];
  const { commands: seen = 0, pauseLeftSeconds = 0 } = lastWait?.taken ?? {};
  const sent = findPause(commands.slice(seen).filter((command) => mayHold(command, pausing)));
  if (sent !== undefined) return describeSent(sent, pausing, lastWait);
  const taken = findPause(commands.slice(0, seen));
  if (lastWait === undefined || lastWait.at < since || pauseLeftSeconds === 0 || taken === undefined) return [];
  const untilMs = Date.parse(lastWait.at) + pauseLeftSeconds * 1_000;
  if (untilMs + LATE_MS <= nowMs) return [];
  const atMost = untilMs > nowMs ? " at most" : ", and until it looks again";
  return [`${PAUSED}${taken.requestedBy} until ${new Date(untilMs).toISOString()}${atMost}: ${taken.reason}`];
}

/** The last command that says whether it is paused. */
function findPause(commands: readonly CommandRecord[]): CommandRecord | undefined {
  return commands.findLast(({ command }) => command === "pause" || command === "resume");
}

/** A pause that was sent to the flips does not hold what turns them back. */
function mayHold({ at }: CommandRecord, { phase, isRollback, since }: Omit<Pausing, "lastWait">): boolean {
  return phase !== "rolling back" || isRollback || at >= since;
}

/** Not taken in yet, as far as it is known: before the first flip nothing is taken in, elsewhere it is within seconds. */
function describeSent(
  { command, pauseSeconds = 0, at, requestedBy, reason }: CommandRecord,
  { phase, nowMs }: Omit<Pausing, "lastWait">,
  lastWait: RecordedGateState | undefined,
): readonly string[] {
  if (command !== "pause") return [];
  const isToCome = phase === "waiting" || phase === "preparing";
  if (isToCome && (lastWait === undefined || lastWait.taken !== undefined))
    return [`${PAUSED}${requestedBy} for ${formatSeconds(pauseSeconds)} from when it takes this in: ${reason}`];
  const untilMs = Date.parse(at) + pauseSeconds * 1_000;
  if (untilMs <= nowMs) return [];
  return [`${PAUSED}${requestedBy} until ${new Date(untilMs).toISOString()} at most: ${reason}`];
}

function describeControls({ stopped }: LockAndControls): readonly string[] {
  return stopped === undefined ? [] : [describeStop(stopped)];
}

function describeCommand({ command, requestedBy, reason, rollback, at }: CommandRecord): readonly string[] {
  const by = `by ${requestedBy} at ${at}: ${reason}`;
  switch (command) {
    case "abort":
      return [`to be aborted${rollback === false ? ", nobody is flipped back" : " and flipped back"}, ${by}`];
    case "skip-all-bakes":
      return [`no more waiting, ${by}`];
    case "skip-bake":
    case "pause":
    case "resume":
      return [];
  }
}
