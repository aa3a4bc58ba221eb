import { formatDuration, formatNumber } from "../../lambda/rollout/page.ts";
import { countOf } from "./count-of.ts";
import type { LogLine } from "./worker-process.ts";

/** How far the rollout is, as its log says. Times are milliseconds of one clock. */
export interface Progress {
  readonly phase: "starting" | "looking up" | "planning" | "flipping" | "flipping back" | "closing";
  /** When the phase began. */
  readonly since: number;
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

export function startProgress(nowMs: number): Progress {
  return { phase: "starting", since: nowMs, done: 0, total: 0, failed: 0 };
}

/** The progress after a line of the worker's log. */
export function advance(progress: Progress, line: LogLine, nowMs: number): Progress {
  const go = (phase: Progress["phase"]): Progress =>
    progress.phase === phase ? progress : { ...progress, phase, since: nowMs };
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
      };
    case "batch flipped back":
      return go("flipping back");
    case "rollout ended":
      return go("closing");
    default:
      return progress;
  }
}

function toNumber(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** One line for a terminal of so many columns: what does not fit is left out, the least important first. */
export function renderProgress(progress: Progress, nowMs: number, columns: number): string {
  const { phase, since, done, total, failed } = progress;
  const elapsedMs = nowMs - since;
  if (phase !== "flipping" || total === 0) return keepFitting([phase, formatSeconds(elapsedMs)], columns);
  const perSecond = elapsedMs > 0 ? (done * 1_000) / elapsedMs : 0;
  const left = ((total - done) / perSecond) * 1_000;
  const parts = [
    `${phase} ${formatNumber(done)}/${formatNumber(total)}`,
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
    default:
      return undefined;
  }
}
