import { formatDuration, formatNumber, formatSeconds, shorten } from "../../lambda/core/report/text-layout.ts";
import { countOf } from "../sandbox/count-of.ts";
import type { LogLine } from "./worker-process.ts";

/** The state of a rollout, as its log tells it. Times are milliseconds of one clock. */
export interface LiveProgress {
  readonly phase: Working | "baking" | "delayed" | "held" | "waiting to begin";
  /** The phase to which a wait returns. */
  readonly working: Working;
  /** When the phase began. */
  readonly since: number;
  /** "wave 2 of 3"; "" for a rollout of one wave, and before the first flip. */
  readonly wave: string;
  /** The cause of a hold. */
  readonly heldBy: string;
  /** The seconds that the bake or the wait of a rollback had left when the phase began. */
  readonly leftSeconds: number;
  readonly done: number;
  /** Done when the phase began. */
  readonly doneBefore: number;
  readonly total: number;
  readonly failed: number;
}

type Working = "starting" | "looking up" | "planning" | "flipping" | "rolling back" | "closing";

export function startProgress(nowMs: number): LiveProgress {
  const nothing = { wave: "", heldBy: "", leftSeconds: 0, done: 0, doneBefore: 0, total: 0, failed: 0 };
  return { phase: "starting", working: "starting", since: nowMs, ...nothing };
}

/** The progress after a line of the worker's log. */
export function advance(progress: LiveProgress, line: LogLine, nowMs: number): LiveProgress {
  const go = (phase: Working): LiveProgress =>
    progress.phase === phase
      ? progress
      : { ...progress, phase, working: phase, since: nowMs, doneBefore: progress.done };
  switch (line.message) {
    case "execution running":
      return progress.phase === "starting" ? go("looking up") : progress;
    case "looked up":
      return line.done === true ? go("planning") : go("looking up");
    case "planned":
      return { ...go("flipping"), total: toNumber(line.flip) };
    case "batch recorded": {
      const [done, total, failed] = [line.done, line.total, line.failed].map(toNumber) as [number, number, number];
      const wave = toNumber(line.waves) > 1 ? `wave ${line.wave} of ${line.waves}` : "";
      return { ...go("flipping"), done, total, failed, wave };
    }
    case "rollout waits to begin":
      return { ...progress, phase: "waiting to begin", since: nowMs, heldBy: String(line.heldBy) };
    case "rollout waits":
      return isOver(line) ? go(toWorking(progress, line)) : { ...progress, since: nowMs, ...toWait(line) };
    case "batch rolled back":
      return go("rolling back");
    case "rollout ended":
      return go("closing");
    default:
      return progress;
  }
}

/** A rollout that continues has no reason to wait. */
function isOver({ codes }: LogLine): boolean {
  return !Array.isArray(codes) || codes.length === 0;
}

function toWorking({ working }: LiveProgress, { decision }: LogLine): Working {
  if (decision === "roll back") return "rolling back";
  return decision === "halt" ? "closing" : working;
}

/** A bake and a delay end by themselves; any other wait is a hold. */
function toWait({ heldBy, codes, bakeLeftSeconds }: LogLine): Pick<LiveProgress, "phase" | "heldBy" | "leftSeconds"> {
  const leftSeconds = toNumber(bakeLeftSeconds);
  const [code] = Array.isArray(codes) ? codes : [];
  if (code === "baking" || code === "delayed") return { phase: code, heldBy: "", leftSeconds };
  return { phase: "held", heldBy: String(heldBy), leftSeconds };
}

function toNumber(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** One line for a terminal of so many columns; the last parts are left out when they do not fit. */
export function renderProgress(progress: LiveProgress, nowMs: number, columns: number): string {
  let line = "";
  for (const part of toParts(progress, nowMs - progress.since, columns).filter(Boolean)) {
    const longer = line === "" ? part : `${line}   ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line;
}

function toParts(progress: LiveProgress, elapsedMs: number, columns: number): readonly string[] {
  const { phase, done, doneBefore, total, failed, wave, heldBy, leftSeconds } = progress;
  const elapsed = toWholeSeconds(elapsedMs);
  const left = `${toWholeSeconds(Math.max(0, leftSeconds * 1_000 - elapsedMs))} left`;
  if (phase === "baking") return [phase, wave, left];
  if (phase === "delayed") return [phase, left];
  if (phase === "held" || phase === "waiting to begin") return [phase, wave, elapsed, shorten(heldBy, columns)];
  if (phase !== "flipping" || total === 0) return [phase, elapsed];
  const perSecond = elapsedMs > 0 ? ((done - doneBefore) * 1_000) / elapsedMs : 0;
  const counts = [`${phase} ${formatNumber(done)}/${formatNumber(total)}`, wave, `${formatNumber(failed)} failed`];
  if (perSecond === 0) return [...counts, elapsed];
  const rest = toWholeSeconds(((total - done) / perSecond) * 1_000);
  return [...counts, `${formatNumber(Math.round(perSecond))}/s`, `${rest} left`];
}

/** Whole seconds, so that the line does not flicker. */
function toWholeSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000);
}

/** A log line as plain text, for an output that is not a terminal; undefined when it is not worth a line. */
export function describeStep(line: LogLine): string | undefined {
  switch (line.message) {
    case "looked up":
      return `looked up ${countOf(toNumber(line.found), "customer")}`;
    case "planned": {
      const [flip, unchanged, skipped] = [line.flip, line.unchanged, line.skipped].map(toNumber).map(formatNumber);
      return `planned: ${flip} to flip, ${unchanged} unchanged, ${skipped} skipped`;
    }
    case "rollout waits to begin":
      return `waiting to begin: ${line.heldBy}`;
    case "rollout waits": {
      if (isOver(line)) return "continuing";
      const { phase, heldBy, leftSeconds } = toWait(line);
      return phase === "held" ? `held: ${heldBy}` : `${phase}, ${formatSeconds(leftSeconds)} left`;
    }
    default:
      return undefined;
  }
}
