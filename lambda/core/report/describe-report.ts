import { type Advice, type AdviceWriter, writeAsJson } from "../../contract/advice.ts";
import { describeVia } from "../../contract/via.ts";
import { OUTCOMES, type OutcomeKind } from "../flip/outcome.ts";
import { toShortHash } from "../plan/short-hash.ts";
import { toExceptionSections, toFlipSections } from "./exception-sections.ts";
import { adviseReader } from "./next-steps.ts";
import { hasSucceeded, isUnfinished, type Override, type Report } from "./report.ts";
import type { Block, Limits, NumberRow, ReportDocument, Section, Style } from "./report-document.ts";
import { hasAnswer, type RolloutProgress } from "./rollout-progress.ts";
import { isUnderWay, type RolloutStatus } from "./rollout-status.ts";
import { formatDuration, formatNumber, formatSeconds, formatTime, shortenText } from "./text-layout.ts";
import { toWaveRows } from "./wave-rows.ts";

/** What the report says, for any writer. */
export function describeReport(report: Report, limits: Limits): ReportDocument {
  const { action, release = "", joined } = report;
  const { style, text } = toVerdict(report);
  const sections = [
    toProblem(report, limits),
    toProgress(report, limits),
    toWaves(report, limits),
    toCounts(report),
    toRollback(report),
    toSkipReasons(report, limits),
    ...toFlipSections(report, limits),
    ...toExceptionSections(report, limits),
    toFacts(report, limits),
    toNext(report, limits),
  ];
  return {
    title: `${action} ${release}`,
    verdict: { style, text: joined ? `${text} (sent before)` : text },
    sections: sections.filter((section) => section !== undefined),
  };
}

const STATUS: Readonly<Record<RolloutStatus, ReportDocument["verdict"]>> = {
  succeeded: { style: "green", text: "succeeded" },
  planned: { style: "green", text: "planned only: no customer was flipped" },
  running: { style: "yellow", text: "running" },
  partial: { style: "yellow", text: "partial: not every customer was flipped" },
  failed: { style: "red", text: "failed" },
  "rolled-back": { style: "yellow", text: "rolled back" },
  halted: { style: "red", text: "halted" },
  aborted: { style: "yellow", text: "aborted" },
  waiting: { style: "yellow", text: "waiting to begin" },
  refused: { style: "red", text: "refused: no customer was flipped" },
};

/** A rollback is judged by the customers that it could not restore. */
function toVerdict(report: Report): ReportDocument["verdict"] {
  const { status, rollback, rolledBackBy } = report;
  const failed = rollback?.failed ?? 0;
  const { text } = STATUS[status];
  if (rolledBackBy !== undefined && isUnderWay(rolledBackBy))
    return { style: "yellow", text: `${text}, rollback is running` };
  if (status === "rolled-back" || rolledBackBy !== undefined) {
    const verdict = status === "rolled-back" ? text : `${text}, later rolled back`;
    if (failed > 0) return { style: "red", text: `${verdict}, ${formatNumber(failed)} not restored` };
    return { style: hasSucceeded(report) && status === "rolled-back" ? "green" : "yellow", text: verdict };
  }
  return STATUS[status];
}

function toProblem({ problems, status }: Report, { problemLines, characters }: Limits): Section | undefined {
  if (problems === undefined) return undefined;
  const lines = problems.flatMap(({ message }) => message.split(/[\r\n]+/)).filter((line) => line.trim() !== "");
  const more = lines.length - problemLines;
  const shown = lines.slice(0, problemLines).map((line) => shortenText(line, characters));
  const rest = more > 0 ? [`and ${formatNumber(more)} more lines in the report`] : [];
  return { title: "why", blocks: [{ kind: "text", lines: [...shown, ...rest], style: STATUS[status].style }] };
}

const PHASES: Readonly<Record<RolloutProgress["phase"], string>> = {
  waiting: "waits to begin",
  preparing: "looks up and plans; no customer is flipped yet",
  "waiting for approval": "waits for an approval",
  flipping: "flips",
  baking: "bakes",
  "rolling back": "rolls back",
  ending: "closes; no more customers are flipped",
};

/** A bake goes on while it is held: its time passes, or stands still as long as an alarm has no data. */
const HELD: Readonly<Partial<Record<RolloutProgress["phase"], string>>> = {
  preparing: "is held before its first flip",
  flipping: "is held between two flips",
  "rolling back": "is held between two restores",
};

/** Of a rollout that is under way: what it does, what holds it, and which commands it received. */
function toProgress({ progress, plan }: Report, { characters }: Limits): Section | undefined {
  if (progress === undefined) return undefined;
  const { phase, wave, since, bakeLeftSeconds = 0, alarms = [], heldBy, noted } = progress;
  const waves = plan?.waves.length ?? 0;
  const where = wave === undefined || waves < 2 ? "" : `, wave ${wave} of ${waves}`;
  const working = (heldBy.length > 0 ? HELD[phase] : undefined) ?? PHASES[phase];
  const doing = hasAnswer(progress) ? "has the answer for its approval" : working;
  const left = bakeLeftSeconds > 0 ? `, ${formatSeconds(bakeLeftSeconds)} left` : "";
  const short = (text: string) => shortenText(text, characters);
  return {
    title: "now",
    blocks: [
      { kind: "text", lines: [`${doing}${where}${left}, since ${formatTime(since)}`] },
      { kind: "text", lines: alarms.length === 0 ? [] : [short(`alarms: ${listAlarms(alarms)}`)] },
      { kind: "text", lines: heldBy.map(({ message }) => short(`held: ${message}`)), style: "yellow" },
      { kind: "text", lines: noted.map(({ message }) => short(message)) },
    ],
  };
}

/** `calls-that-fail OK, late-calls no data` */
export function listAlarms(alarms: NonNullable<RolloutProgress["alarms"]>): string {
  return alarms.map(({ name, state }) => `${name} ${state === "INSUFFICIENT_DATA" ? "no data" : state}`).join(", ");
}

function toWaves(report: Report, { characters }: Limits): Section | undefined {
  const rows = toWaveRows(report).map(({ lines, ...row }) => ({
    ...row,
    lines: lines.map((line) => shortenText(line, characters)),
  }));
  return rows.length === 0 ? undefined : { title: "waves", blocks: [{ kind: "list", head: ["wave", "result"], rows }] };
}

const STYLES: Readonly<Record<OutcomeKind, Style>> = {
  flipped: "green",
  unchanged: "bold",
  deferred: "yellow",
  skipped: "bold",
  failed: "red",
};

/** Each outcome with its number; of a dry run, the numbers of the plan. A rollback has counts of its own. */
function toCounts({ counts, plan, status, action, progress }: Report): Section | undefined {
  if (status === "refused" || action === "rollback" || (isUnderWay({ status }) && progress === undefined))
    return undefined;
  const outcomes = OUTCOMES.filter((kind) => kind !== "deferred" || counts.deferred > 0);
  const rows: readonly NumberRow[] =
    status === "planned" && plan !== undefined
      ? [
          { label: "to flip", number: plan.flip, style: "green" },
          { label: "unchanged", number: plan.unchanged, style: "bold" },
          { label: "skipped", number: plan.skipped, style: "bold" },
        ]
      : outcomes.map((kind) => ({ label: kind, number: counts[kind], style: STYLES[kind] }));
  return { blocks: [{ kind: "numbers", rows }] };
}

/** The outcomes of a rollback; of its dry run, how many customers it would look at. */
function toRollback(report: Report): Section | undefined {
  const { rollback, rolledBackBy, status } = report;
  if (rollback === undefined) return undefined;
  if (status === "planned")
    return { blocks: [{ kind: "numbers", rows: [{ label: "to restore", number: rollback.failed, style: "bold" }] }] };
  return {
    title: rolledBackBy === undefined ? "rollback" : `rollback by ${rolledBackBy.rolloutId}`,
    blocks: [{ kind: "numbers", rows: countRestored(report) }],
  };
}

export function countRestored(report: Partial<Report>): readonly NumberRow[] {
  const { rollback } = report;
  if (rollback === undefined) return [];
  const { restored, conflicting, failed } = rollback;
  const isGoingOn = isUnfinished(report);
  return [
    { label: "restored", number: restored, style: "green" },
    { label: "conflicting", number: conflicting, style: "yellow" },
    { label: isGoingOn ? "not restored yet" : "failed", number: failed, style: isGoingOn ? "bold" : "red" },
  ];
}

function toSkipReasons({ skippedBy = [] }: Report, { characters }: Limits): Section | undefined {
  if (skippedBy.length === 0) return undefined;
  const rows = skippedBy.map(({ code, message, customers }) => ({
    label: formatNumber(customers),
    // Why the rollout was stopped stands at the head of its report.
    lines: [code === "not-attempted" ? "not attempted: the rollout was stopped" : shortenText(message, characters)],
  }));
  return { title: "skipped", blocks: [{ kind: "list", head: ["customers", "reason"], rows }] };
}

function toFacts(report: Report, { characters }: Limits): Section {
  const { rolloutId, of, plan, override, movedMeanwhile, requestedBy, via, reason, startedAt, durationMs } = report;
  const facts: readonly (readonly [label: string, text: string | undefined])[] = [
    ["rollout", rolloutId],
    ["of", of?.join(", ")],
    ["plan", plan && `${formatNumber(plan.flip)} to flip, hash ${toShortHash(plan.hash)}`],
    ["override", override && describeOverride(override)],
    ["moved", movedMeanwhile ? toMoved(movedMeanwhile) : undefined],
    ["asked by", requestedBy && via?.identity === undefined ? `${requestedBy}, as the sender says` : requestedBy],
    ["came by", via && describeVia(via)],
    ["because", reason],
    ["started", formatTime(startedAt)],
    ["took", isUnderWay(report) || report.status === "refused" ? undefined : formatDuration(durationMs)],
  ];
  return {
    blocks: [
      {
        kind: "facts",
        rows: facts.flatMap(([label, text]) =>
          text === undefined ? [] : [[label, shortenText(text, characters)] as const],
        ),
      },
    ],
  };
}

function describeOverride({ reason, alarms, freezes }: Override): string {
  const passed = [...alarms.map((name) => `alarm ${name} in ALARM`), ...freezes.map((name) => `freeze ${name}`)];
  return passed.length === 0 ? reason : `${reason}; passed before the first flip: ${passed.join(", ")}`;
}

function toMoved(customers: number): string {
  return `${formatNumber(customers)} of the plan had the wanted flag before the rollout came to them: something else moved them`;
}

function toNext(report: Report, { writeAdvice: write }: Limits): Section | undefined {
  const blocks = write ? adviseReader(report).flatMap((each) => toAdviceBlocks(each, write)) : [];
  return blocks.length === 0 ? undefined : { title: "next", blocks };
}

export function toAdviceBlocks(advice: Advice, write: AdviceWriter = writeAsJson): readonly Block[] {
  const text = write(advice);
  return [{ kind: "text", lines: [advice.say] }, ...(text === undefined ? [] : [{ kind: "command", text } as const])];
}
