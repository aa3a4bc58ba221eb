import { formatDuration, formatNumber } from "../../lambda/rollout/report-text.ts";
import type { LogLine } from "./worker-process.ts";

/** How far the rollout is, as its log says. Times are milliseconds of one clock. */
export interface Progress {
  readonly phase: "starting" | "looking up" | "planning" | "flipping" | "closing";
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
    case "rollout ended":
      return go("closing");
    default:
      return progress;
  }
}

function toNumber(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** One line, cut to the terminal. */
export function renderProgress(progress: Progress, nowMs: number, columns: number): string {
  const { phase, since, done, total, failed } = progress;
  const elapsedMs = nowMs - since;
  if (phase !== "flipping" || total === 0) return shorten([`${phase} …`, formatDuration(elapsedMs)], columns);
  const perSecond = elapsedMs > 0 ? (done * 1_000) / elapsedMs : 0;
  return shorten(
    [
      `flipping ${formatNumber(done)}/${formatNumber(total)}`,
      perSecond > 0 ? `${formatNumber(Math.round(perSecond))}/s` : "",
      `${formatNumber(failed)} failed`,
      perSecond > 0 ? `${formatDuration(Math.round((total - done) / perSecond) * 1_000)} left` : "",
    ],
    columns,
  );
}

function shorten(parts: readonly string[], columns: number): string {
  return parts.filter(Boolean).join("  ").slice(0, columns);
}

/** What a log line tells somebody who watches no terminal; undefined when it is no news or comes too often. */
export function describeStep(line: LogLine): string | undefined {
  switch (line.message) {
    case "looked up":
      return `looked up ${formatNumber(toNumber(line.found))} customers`;
    case "planned": {
      const [flip, unchanged, skipped] = [line.flip, line.unchanged, line.skipped].map(toNumber).map(formatNumber);
      return `planned: ${flip} to flip, ${unchanged} unchanged, ${skipped} skipped`;
    }
    default:
      return undefined;
  }
}
