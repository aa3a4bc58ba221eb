import { toReason } from "../rollout/decision.ts";
import { type Now, PAUSED } from "../rollout/now.ts";
import type { PlannedWave } from "../rollout/plan.ts";
import type { CommandRecord, Orders, RolloutRecord, SteeringRecord, Wait } from "../rollout/records.ts";
import { describeStop } from "../rollout/standing-orders.ts";

export interface Known extends SteeringRecord {
  readonly record: Pick<RolloutRecord, "status" | "startedAtMs" | "event" | "plan" | "lastChange">;
  readonly wait?: Wait | undefined;
  readonly nowMs: number;
}

/** Reads it from the last change that was told, from what the last look saw, and from what was ordered since. */
export function findNow({ record, wait: lastWait, orders, commands, stop, nowMs }: Known): Now {
  const since = record.lastChange?.at ?? new Date(record.startedAtMs).toISOString();
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
      ...describeLock(record, orders),
      ...describePause(commands, nowMs),
      ...describeOrders(orders),
    ],
    noted: [...(isStopping ? [`to be stopped: ${toReason(stop)}`] : []), ...commands.flatMap(describeCommand)],
  };
}

/** A bake passes only while all alarms can be watched. */
function findBakeLeft(
  { plan }: Known["record"],
  wave: number | undefined,
  wait: Wait | undefined,
  nowMs: number,
): number {
  if (wait === undefined) return plan?.waves.find((each) => each.wave === wave)?.bakeSeconds ?? 0;
  const passedMs = wait.blindTo.length > 0 ? 0 : nowMs - Date.parse(wait.at);
  return Math.max(0, Math.ceil(wait.bakeLeftSeconds - passedMs / 1_000));
}

function findPhase({ status, event, plan, lastChange }: Known["record"]): Pick<Now, "phase" | "wave"> {
  if (status === "waiting") return { phase: "waiting" };
  if (event.action === "rollback") return { phase: lastChange?.change === "rolled back" ? "ending" : "flipping back" };
  const waves = plan?.waves ?? [];
  switch (lastChange?.change) {
    case undefined:
      return { phase: "preparing" };
    case "started":
      return flipFrom(waves, 1);
    case "wave done":
      return { phase: "baking", wave: lastChange.wave };
    case "gate decided":
      if (lastChange.decision === "proceed") return flipFrom(waves, lastChange.wave + 1);
      return { phase: lastChange.decision === "roll back" ? "flipping back" : "ending", wave: lastChange.wave };
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

function describeLock({ status, event }: Known["record"], { lock }: Orders): readonly string[] {
  if (status !== "waiting") return [];
  const until = event.notAfter === undefined ? "" : `; it waits until ${event.notAfter} at most`;
  return [lock === undefined ? `the lock is free, and is asked for soon${until}` : `${lock.rolloutId} runs${until}`];
}

/** A rollout counts the time of a pause from when it takes it in: it may go on a little later than this says. */
function describePause(commands: readonly CommandRecord[], nowMs: number): readonly string[] {
  const last = commands.findLast(({ command }) => command === "pause" || command === "resume");
  if (last?.command !== "pause") return [];
  const untilMs = Date.parse(last.at) + (last.pauseSeconds ?? 0) * 1_000;
  if (untilMs <= nowMs) return [];
  return [`${PAUSED}${last.requestedBy} until ${new Date(untilMs).toISOString()} at most: ${last.reason}`];
}

function describeOrders({ stopped }: Orders): readonly string[] {
  return stopped === undefined ? [] : [describeStop(stopped)];
}

function describeCommand({ command, requestedBy, reason, rollback, at }: CommandRecord): readonly string[] {
  const by = `by ${requestedBy} at ${at}: ${reason}`;
  switch (command) {
    case "abort":
      return [`to be aborted${rollback === false ? ", nobody is flipped back" : " and flipped back"}, ${by}`];
    case "full":
      return [`no more waiting, ${by}`];
    case "skip":
    case "pause":
    case "resume":
      return [];
  }
}
