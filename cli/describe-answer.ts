import type { AdviceWriter } from "../lambda/contract/advice.ts";
import { countRestored, listAlarms } from "../lambda/core/report/describe-report.ts";
import { adviseApproval } from "../lambda/core/report/next-steps.ts";
import type { Report } from "../lambda/core/report/report.ts";
import { clean, formatNumber, formatSeconds } from "../lambda/core/report/text-layout.ts";
import { describeWaves } from "../lambda/core/report/wave-rows.ts";
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
export function describeLive(answer: StatusAnswer, write: AdviceWriter): readonly Line[] {
  const report = toReport(answer);
  const { action = "", release = "", progress, failedBy = [] } = report;
  const left = progress?.bakeLeftSeconds ?? 0;
  return [
    { text: clean(`${action} ${release}`) || "a new rollout", style: "bold" },
    { text: `  ${describeHead(answer)}${left > 0 ? `, ${formatSeconds(left)} left` : ""}`, style: "yellow" },
    ...("counts" in answer ? toBars(answer) : []),
    { text: `  ${describeCounts(report) || "no customer flipped yet"}` },
    ...failedBy.map(({ customers, message }) => toLine(`${formatNumber(customers)} failed: ${message}`, "red")),
    ...(progress?.alarms?.length ? [toLine(`alarms: ${listAlarms(progress.alarms)}`, undefined)] : []),
    ...(progress?.heldBy ?? []).map((reason) => toLine(describeHeld(reason), "yellow")),
    ...(progress?.noted ?? []).map(({ message }) => toLine(message, "yellow")),
    ...adviseApproval(report).flatMap((each) => [toLine(each.say, undefined), toLine(write(each) ?? "", "bold")]),
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
function describeCounts(report: Partial<Report>): string {
  const { counts = {} as Report["counts"], rollback } = report;
  const kinds = Object.entries(rollback === undefined ? counts : { flipped: counts.flipped });
  const shown = [...kinds, ...countRestored(report).map(({ label, number }) => [label, number] as const)];
  return shown
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatNumber(count)} ${kind}`)
    .join(", ");
}

const BAR = 16;

function toBars(report: Report): readonly Line[] {
  const waves = describeWaves(report).filter(({ customers }) => customers > 0);
  const widest = Math.max(...waves.map(({ label }) => label.length));
  return waves.map(({ label, customers, done, result }): Line => {
    const full = Math.floor((done / customers) * BAR);
    const bar = "█".repeat(full) + "░".repeat(BAR - full);
    const text = `  ${label.padStart(widest)} ${bar} ${formatNumber(done)}/${formatNumber(customers)}  ${result}`;
    return { text, style: done < customers ? undefined : "green" };
  });
}
