import type { PlannedWave } from "../plan/plan.ts";
import type { Report, WaveResult } from "./report.ts";
import type { RolloutProgress } from "./rollout-progress.ts";
import { isUnderWay } from "./rollout-status.ts";
import { countCustomers, formatSeconds, hang, type Page } from "./text-layout.ts";

/** More waves than this are told in groups that have the same to say. */
const MOST_LINES = 12;

/** What became of each wave, or what is meant to; nothing for a rollout in one go. */
export function toWaveLines(report: Report, page: Page): readonly string[] {
  const waves = report.plan?.waves ?? [];
  const told = waves.map((wave) => tellWave(report, wave));
  const [first] = told;
  if (first === undefined || (told.length === 1 && waves[0]?.bakeSeconds === 0 && first.remarks.length === 0))
    return [];
  const lines = told.length > MOST_LINES ? group(told) : told;
  const width = Math.max(...lines.map(({ label }) => label.length));
  return [page.paint("bold", "waves"), ...lines.flatMap((line) => layOut(line, width, page))];
}

interface Line {
  readonly label: string;
  readonly from: number;
  readonly customers: number;
  /** What became of it. */
  readonly became: string;
  readonly remarks: readonly string[];
}

function tellWave(report: Report, planned: PlannedWave): Line {
  const { wave, customers, note } = planned;
  const result = report.waves?.find((each) => each.wave === wave);
  return {
    label: String(wave),
    from: wave,
    customers,
    became: customers === 0 ? "passed" : toBecame(report, planned, result),
    remarks: toRemarks(report, result?.reasons ?? (note === undefined ? [] : [note])),
  };
}

/** What the report gives as its problem stands at its head. */
function toRemarks({ problem = "" }: Report, reasons: readonly string[]): readonly string[] {
  return reasons.filter((reason) => !problem.includes(reason));
}

function toBecame(report: Report, { wave, bakeSeconds }: PlannedWave, result: WaveResult | undefined): string {
  const bake = bakeSeconds > 0 ? formatSeconds(bakeSeconds) : undefined;
  if (result !== undefined) return toEnd(report, result, bake);
  const at = isUnderWay(report) ? (report.progress?.wave ?? 0) : 0;
  if (wave < at) return bake === undefined ? "went on" : `baked ${bake}, went on`;
  if (wave === at && report.progress !== undefined) return toProgress(report.progress, bake);
  if (report.status === "planned") return bake === undefined ? "" : `then a bake of ${bake}`;
  return report.status === "refused" ? "" : "not begun";
}

function toProgress({ phase, heldBy, bakeLeftSeconds = 0 }: RolloutProgress, bake: string | undefined): string {
  if (phase !== "baking") return heldBy.length > 0 ? `${phase}, held` : phase;
  if (bake === undefined) return "at its gate";
  return bakeLeftSeconds > 0
    ? `bakes for ${bake}, ${formatSeconds(bakeLeftSeconds)} left`
    : `baked ${bake}, at its gate`;
}

function toEnd({ status }: Report, { decision, reasons }: WaveResult, bake: string | undefined): string {
  switch (decision) {
    case undefined:
      return "passed";
    case "proceed":
      if (bake === undefined) return "went on";
      return reasons.length > 0 ? `bake of ${bake} cut short, went on` : `baked ${bake}, went on`;
    case "roll back":
      return "stopped, rolled back";
    case "halt":
      return status === "aborted" ? "stopped, aborted" : "stopped, halted";
  }
}

/** Neighbours of which the same is to be told, in one line. */
function group(lines: readonly Line[]): readonly Line[] {
  const groups: Line[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last === undefined || last.became !== line.became || last.remarks.length + line.remarks.length > 0) {
      groups.push(line);
      continue;
    }
    const customers = last.customers + line.customers;
    groups[groups.length - 1] = { ...last, label: `${last.from}–${line.label}`, customers };
  }
  return groups;
}

function layOut({ label, customers, became, remarks }: Line, width: number, { columns }: Page): readonly string[] {
  const head = `  ${label.padStart(width)}  `;
  const indent = " ".repeat(head.length);
  const text = [countCustomers(customers), became].filter((each) => each !== "").join(", ");
  return [...hang(head, text, columns), ...remarks.flatMap((remark) => hang(indent, remark, columns))];
}
