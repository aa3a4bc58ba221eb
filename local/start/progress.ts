import { formatDuration, formatNumber, shorten, formatSeconds as toSeconds } from "../../lambda/core/report/text-layout.ts";
import { countOf } from "./count-of.ts";
import type { LogLine } from "./worker-process.ts";

/** How far the rollout is, as its log says. Times are milliseconds of one clock. */
export interface Progress {
  readonly phase: Working | "baking" | "resting" | "held" | "waiting for the lock";
  /** What it does when it waits for nothing. */
  readonly working: Working;
  /** When the phase began. */
  readonly since: number;
  /** "wave 2 of 3"; "" for a rollout in one go, and before it flips. */
  readonly wave: string;
  /** What holds it. */
  readonly heldBy: string;
  /** Of the bake, or of the rest on the way back, when the phase began. */
  readonly bakeLeftSeconds: number;
  readonly done: number;
  /** When the phase began. */
  readonly doneBefore: number;
  readonly total: number;
  readonly failed: number;
}

type Working = "starting" | "looking up" | "planning" | "flipping" | "rolling back" | "closing";

export function startProgress(nowMs: number): Progress {
  const nothing = { wave: "", heldBy: "", bakeLeftSeconds: 0, done: 0, doneBefore: 0, total: 0, failed: 0 };
  return { phase: "starting", working: "starting", since: nowMs, ...nothing };
}

/** The progress after a line of the worker's log. */
export function advance(progress: Progress, line: LogLine, nowMs: number): Progress {
  const { done } = progress;
  const go = (phase: Working): Progress =>
    progress.phase === phase ? progress : { ...progress, phase, working: phase, since: nowMs, doneBefore: done };
  switch (line.message) {
    case "execution running":
      return progress.phase === "starting" ? go("looking up") : progress;
    case "looked up":
      return line.done === true ? go("planning") : go("looking up");
    case "planned":
      return { ...go("flipping"), total: toNumber(line.flip) };
    case "batch recorded":
      return {
        ...go("flipping"),
        done: toNumber(line.done),
        total: toNumber(line.total),
        failed: toNumber(line.failed),
        wave: toWave(line),
      };
    case "rollout waits for the lock":
      return { ...progress, phase: "waiting for the lock", since: nowMs, heldBy: String(line.heldBy) };
    case "rollout waits":
      return line.heldBy === NOTHING ? go(toWorking(progress, line)) : { ...progress, since: nowMs, ...toWait(line) };
    case "batch flipped back":
      return go("rolling back");
    case "rollout ended":
      return go("closing");
    default:
      return progress;
  }
}

const NOTHING = "nothing any more";
/** Waits whose time passes by itself; whatever else holds a rollout, somebody or something has to let it go. */
const PASSES: ReadonlyMap<unknown, "baking" | "resting"> = new Map([
  ["its bake", "baking"],
  ["its rest", "resting"],
]);

/** Such as a gate decides; nobody but a bake's end lets a planned rollout go on with its flips. */
function toWorking({ working }: Progress, { decision }: LogLine): Working {
  if (decision === "roll back") return "rolling back";
  return decision === "halt" ? "closing" : working;
}

function toWait({ heldBy, bakeLeftSeconds }: LogLine): Pick<Progress, "phase" | "heldBy" | "bakeLeftSeconds"> {
  const left = { bakeLeftSeconds: toNumber(bakeLeftSeconds) };
  const passes = PASSES.get(heldBy);
  return passes === undefined
    ? { phase: "held", heldBy: String(heldBy), ...left }
    : { phase: passes, heldBy: "", ...left };
}

function toWave({ wave, waves }: LogLine): string {
  return toNumber(waves) > 1 ? `wave ${toNumber(wave)} of ${toNumber(waves)}` : "";
}

function toNumber(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** One line for a terminal of so many columns: what does not fit is left out, the least important first. */
export function renderProgress(progress: Progress, nowMs: number, columns: number): string {
  const { phase, since, done, doneBefore, total, failed, wave, heldBy, bakeLeftSeconds } = progress;
  const elapsedMs = nowMs - since;
  if (phase === "baking" || phase === "resting")
    return keepFitting(
      [
        phase,
        phase === "baking" ? wave : "",
        `${formatSeconds(Math.max(0, bakeLeftSeconds * 1_000 - elapsedMs))} left`,
      ],
      columns,
    );
  if (phase === "held" || phase === "waiting for the lock")
    return keepFitting([phase, wave, formatSeconds(elapsedMs), shorten(heldBy, columns)], columns);
  if (phase !== "flipping" || total === 0) return keepFitting([phase, formatSeconds(elapsedMs)], columns);
  const perSecond = elapsedMs > 0 ? ((done - doneBefore) * 1_000) / elapsedMs : 0;
  const left = ((total - done) / perSecond) * 1_000;
  const parts = [
    `${phase} ${formatNumber(done)}/${formatNumber(total)}`,
    wave,
    `${formatNumber(failed)} failed`,
    perSecond > 0 ? `${formatNumber(Math.round(perSecond))}/s` : formatSeconds(elapsedMs),
    perSecond > 0 ? `${formatSeconds(left)} left` : "",
  ];
  return keepFitting([...parts, toBar(done / total)], columns);
}

const BAR_COLUMNS = 20;

function toBar(share: number): string {
  const full = Math.floor(share * BAR_COLUMNS);
  return `${"━".repeat(full)}${"─".repeat(BAR_COLUMNS - full)}`;
}

/** Whole seconds, so that the line does not flicker. */
function formatSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000);
}

function keepFitting(parts: readonly string[], columns: number): string {
  let line = "";
  for (const part of parts.filter(Boolean)) {
    const longer = line === "" ? part : `${line}   ${part}`;
    if (longer.length > columns) break;
    line = longer;
  }
  return line;
}

/** What a log line tells somebody who watches no terminal; undefined when it is not worth a line. */
export function describeStep(line: LogLine): string | undefined {
  switch (line.message) {
    case "looked up":
      return `looked up ${countOf(toNumber(line.found), "customer")}`;
    case "planned": {
      const [flip, unchanged, skipped] = [line.flip, line.unchanged, line.skipped].map(toNumber).map(formatNumber);
      return `planned: ${flip} to flip, ${unchanged} unchanged, ${skipped} skipped`;
    }
    case "rollout waits for the lock":
      return `waits for the lock, which ${line.heldBy} has`;
    case "rollout waits": {
      if (line.heldBy === NOTHING) return "goes on";
      const { phase, heldBy, bakeLeftSeconds } = toWait(line);
      if (phase === "held") return `held: ${heldBy}`;
      return `${phase === "baking" ? "bakes" : "rests"}, ${toSeconds(bakeLeftSeconds)} left`;
    }
    default:
      return undefined;
  }
}
