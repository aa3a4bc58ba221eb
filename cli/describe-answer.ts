import { findQuestion } from "../lambda/core/report/next-steps.ts";
import type { Report } from "../lambda/core/report/report.ts";
import { isUnderWay } from "../lambda/core/report/rollout-status.ts";
import { clean, formatNumber, formatSeconds } from "../lambda/core/report/text-layout.ts";
import { countDoneByWave } from "../lambda/core/report/wave-progress.ts";
import type { StatusAnswer } from "../lambda/front-door/read-status.ts";
import type { Line } from "./terminal.ts";

/** `running, wave 2 of 3, baking` */
export function describeHead(answer: StatusAnswer): string {
  const { progress, plan } = toReport(answer);
  const { phase, wave } = progress ?? {};
  const waves = plan?.waves.length ?? 0;
  const where = wave === undefined || waves < 2 ? [] : [`wave ${wave} of ${waves}`];
  return [answer.status, ...where, ...(phase === undefined || phase === answer.status ? [] : [phase])].join(", ");
}

/** One line for a pipe; it is the same until something has changed that a person wants to know. */
export function describeChange(answer: StatusAnswer): string {
  const { progress, ...report } = toReport(answer);
  const notes = [
    ...(progress?.heldBy ?? []).map(describeHeld),
    ...(progress?.noted ?? []).map(({ message }) => message),
  ];
  return [describeHead(answer), describeCounts(report), ...notes]
    .filter((part) => part !== "")
    .map(clean)
    .join("; ");
}

/** The live view: what it does, the waves with bars, the counts, and what holds or stops it. */
export function describeLive(answer: StatusAnswer): readonly Line[] {
  const report = toReport(answer);
  const { action = "", release = "", progress, failedBy = [], plan } = report;
  const left = progress?.bakeLeftSeconds ?? 0;
  return [
    { text: clean(`${action} ${release}`) || "a new rollout", style: "bold" },
    { text: `  ${describeHead(answer)}${left > 0 ? `, ${formatSeconds(left)} left` : ""}`, style: "yellow" },
    ...(plan === undefined ? [] : toBars(report)),
    { text: `  ${describeCounts(report) || "no customer flipped yet"}` },
    ...failedBy.map(({ customers, message }) => toLine(`${formatNumber(customers)} failed: ${message}`, "red")),
    ...(progress?.heldBy ?? []).map((reason) => toLine(describeHeld(reason), "yellow")),
    ...(progress?.noted ?? []).map(({ message }) => toLine(message, "yellow")),
    ...(findQuestion(report) === undefined ? [] : [toLine("to answer: cutover approve, or cutover reject", "bold")]),
  ];
}

function toReport(answer: StatusAnswer): Partial<Report> {
  return "counts" in answer ? answer : {};
}

function describeHeld({ message }: { readonly message: string }): string {
  return `held: ${message}`;
}

function toLine(text: string, style: Line["style"]): Line {
  return { text: `  ${clean(text)}`, style };
}

/** `126 flipped, 2 failed` of a rollout; of one that is rolled back, what was restored. */
function describeCounts({ counts = {} as Report["counts"], rollback, status }: Partial<Report>): string {
  const under = status !== undefined && isUnderWay({ status });
  const shown = Object.entries(rollback === undefined ? counts : { flipped: counts.flipped, ...rollback })
    // While a rollback goes on, a customer that it has not come to counts as failed.
    .filter(([kind, count]) => (count ?? 0) > 0 && !(rollback !== undefined && under && kind === "failed"));
  return shown.map(([kind, count]) => `${formatNumber(count ?? 0)} ${kind}`).join(", ");
}

const BAR = 20;

function toBars(report: Partial<Report>): readonly Line[] {
  const done = countDoneByWave(report);
  return (report.plan?.waves ?? []).flatMap(({ wave, customers, bakeSeconds, approvalSeconds }, index): Line[] => {
    if (customers === 0) return [];
    const inWave = done[index] ?? 0;
    const full = Math.floor((inWave / customers) * BAR);
    const approval = approvalSeconds === undefined ? "" : "  after an approval";
    const bake = bakeSeconds > 0 ? `  then bakes ${formatSeconds(bakeSeconds)}` : "";
    const text = `  ${String(wave).padStart(2)} ${"█".repeat(full)}${"░".repeat(BAR - full)} ${formatNumber(inWave)}/${formatNumber(customers)}${approval}${bake}`;
    return [{ text, style: inWave < customers ? undefined : "green" }];
  });
}
