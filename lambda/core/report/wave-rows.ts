import type { PlannedWave } from "../plan/plan.ts";
import { isSameReason, type ReasonCode } from "../reasons.ts";
import type { Report, WaveResult } from "./report.ts";
import type { ListRow } from "./report-document.ts";
import { hasAnswer, type RolloutProgress } from "./rollout-progress.ts";
import { isUnderWay } from "./rollout-status.ts";
import { countCustomers, formatSeconds } from "./text-layout.ts";
import { countDoneByWave } from "./wave-progress.ts";

/** Empty for a rollout of one wave without a bake. */
export function toWaveRows(report: Report): readonly ListRow[] {
  const waves = describeWaves(report);
  const [planned, ...others] = report.plan?.waves ?? [];
  const isPlain = others.length === 0 && !planned?.bakeSeconds && planned?.approvalSeconds === undefined;
  if (isPlain && !waves.some(({ remarks }) => remarks.length > 0)) return [];
  const isBegun = report.status !== "planned" && report.status !== "refused";
  return waves.map((wave) => toRow(wave, isBegun));
}

/** What happened to each wave, or what is planned. */
export function describeWaves(report: Report): readonly WaveText[] {
  const done = countDoneByWave(report);
  const results = (report.plan?.waves ?? []).map((wave, index) => describeWave(report, wave, done[index] ?? 0));
  return results.length > MOST_ROWS ? group(results) : results;
}

/** More waves than this are shown in groups with the same result. */
const MOST_ROWS = 12;

interface WaveText {
  readonly label: string;
  readonly from: number;
  readonly customers: number;
  readonly done: number;
  readonly result: string;
  readonly remarks: readonly string[];
}

function describeWave(report: Report, planned: PlannedWave, done: number): WaveText {
  const { wave, customers, note } = planned;
  const result = report.waves?.find((each) => each.wave === wave);
  const reasons = [result?.approval, ...(result?.reasons ?? [note])].filter((reason) => reason !== undefined);
  return {
    label: String(wave),
    from: wave,
    customers,
    done,
    result: customers === 0 ? "passed" : toResult(report, planned, { result, done }),
    // The problems of the report stand at its head.
    remarks: reasons
      .filter((reason) => !report.problems?.some((problem) => isSameReason(problem, reason)))
      .map(({ message }) => message),
  };
}

function toResult(
  report: Report,
  { wave, customers, bakeSeconds, approvalSeconds }: PlannedWave,
  { result, done }: { readonly result: Decided | undefined; readonly done: number },
): string {
  const bake = bakeSeconds > 0 ? formatSeconds(bakeSeconds) : undefined;
  if (result !== undefined) return toDecision(report, result, { bake, done });
  const at = isUnderWay(report) ? (report.progress?.wave ?? 0) : 0;
  if (at === 0 && done > 0 && report.progress?.phase === "ending") {
    if (report.rollback !== undefined) return "rolled back";
    return done < customers ? "stopped" : "proceeded";
  }
  // Whether its bake was skipped is known at the end.
  if (wave < at) return "proceeded";
  if (wave === at && report.progress !== undefined) return toPhase(report.progress, bake);
  return report.status === "refused" ? "" : describeAhead(report, approvalSeconds, bake);
}

/** A wave that has not begun. */
function describeAhead(report: Report, approvalSeconds: number | undefined, bake: string | undefined): string {
  if (report.status !== "planned")
    return isUnderWay(report) && approvalSeconds !== undefined ? "not started, needs an approval" : "not started";
  const approval = approvalSeconds === undefined ? [] : [`after an approval within ${formatSeconds(approvalSeconds)}`];
  return [...approval, ...(bake === undefined ? [] : [`then a bake of ${bake}`])].join(", ");
}

function toPhase(progress: RolloutProgress, bake: string | undefined): string {
  const { phase, heldBy, bakeLeftSeconds = 0 } = progress;
  if (hasAnswer(progress)) return "has its answer";
  if (phase === "waiting for approval") return "waits for an approval";
  if (phase !== "baking") return heldBy.length > 0 ? `${phase}, held` : phase;
  return bakeLeftSeconds > 0 ? `bakes for ${bake}` : "at its gate";
}

type Decided = Pick<WaveResult, "decision" | "reasons">;

const SKIPPED: readonly ReasonCode[] = ["bake-skipped", "all-bakes-skipped", "bake-skipped-earlier"];

function toDecision(
  { status }: Report,
  { decision, reasons }: Decided,
  { bake, done }: { readonly bake: string | undefined; readonly done: number },
): string {
  if (decision === undefined) return "passed";
  if (decision === "proceed") {
    if (bake === undefined) return "proceeded";
    const isSkipped = reasons.some(({ code }) => SKIPPED.includes(code));
    return isSkipped ? `bake of ${bake} cut short, proceeded` : `baked ${bake}, proceeded`;
  }
  if (done === 0) return "stopped before its first flip";
  if (decision === "roll back") return "stopped, rolled back";
  return status === "aborted" ? "stopped, aborted" : "stopped, halted";
}

/** Neighbours with the same result, in one row. */
function group(waves: readonly WaveText[]): readonly WaveText[] {
  const groups: WaveText[] = [];
  for (const wave of waves) {
    const last = groups.at(-1);
    if (last === undefined || last.result !== wave.result || last.remarks.length + wave.remarks.length > 0) {
      groups.push(wave);
      continue;
    }
    const [customers, done] = [last.customers + wave.customers, last.done + wave.done];
    groups[groups.length - 1] = { ...last, label: `${last.from}–${wave.label}`, customers, done };
  }
  return groups;
}

function toRow({ label, customers, done, result, remarks }: WaveText, isBegun: boolean): ListRow {
  // The remark of a wave without customers says why there is none.
  if (customers === 0 && remarks.length > 0) return { label, lines: remarks };
  const text = [countCustomers(customers), result].filter((each) => each !== "").join(", ");
  return { label, lines: [text, ...remarks], ...(isBegun && { done: [done, customers] as const }) };
}
