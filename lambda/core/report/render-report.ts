import { NOT_ATTEMPTED, type Outcome, type OutcomeKind } from "../flip/outcome.ts";
import { CONFLICTING, NOT_RESTORED } from "../rollback/settle-before-rollback.ts";
import { type Advice, adviseNext } from "./next-steps.ts";
import { hasSucceeded, type Report } from "./report.ts";
import type { RolloutProgress } from "./rollout-progress.ts";
import { isUnderWay, type RolloutStatus } from "./rollout-status.ts";
import {
  clean,
  createPage,
  formatDuration,
  formatNumber,
  formatSeconds,
  hang,
  type Page,
  type Style,
  shorten,
  wrap,
} from "./text-layout.ts";
import { toWaveLines } from "./wave-lines.ts";

export interface TextOptions {
  /** Whether colours mark what is good, what is bad and what is beside the point. */
  readonly colour: boolean;
  /** The longest line, but for a word that is longer. @default 60, a phone's */
  readonly columns?: number;
}

/** The report for people: aligned, readable on a phone. What came from outside is data: it cannot steer a terminal. */
export function renderReport(report: Report, { colour, columns = 60 }: TextOptions): string {
  const page = createPage(colour, columns);
  const paragraphs = [
    toHeading(report, page),
    toProblem(report, page),
    toProgress(report, page),
    toWaveLines(report, page),
    toCounts(report, page),
    toRollbackResult(report, page),
    toReasons("skipped", countSkipped(report), page),
    ...LISTED.map((listed) => toExceptions(listed, report, page)),
    toFacts(report, page),
    toNext(report, page),
  ];
  const texts = paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${texts.join("\n\n")}\n`;
}

const STATUS: Readonly<Record<RolloutStatus, { readonly style: Style; readonly text: string }>> = {
  succeeded: { style: "green", text: "succeeded" },
  planned: { style: "green", text: "planned only, nobody was flipped" },
  running: { style: "yellow", text: "still running" },
  partial: { style: "yellow", text: "ended, not everybody was flipped" },
  failed: { style: "red", text: "failed" },
  "rolled-back": { style: "yellow", text: "rolled back" },
  halted: { style: "red", text: "halted where it was" },
  aborted: { style: "yellow", text: "aborted" },
  waiting: { style: "yellow", text: "waiting for another rollout" },
  refused: { style: "red", text: "refused, nobody was flipped" },
};

function toHeading(report: Report, { paint, columns }: Page): readonly string[] {
  const { action, release, joined } = report;
  const title = clean(`${action} ${release ?? ""}`);
  const { style, text } = toVerdict(report);
  const verdict = paint(style, joined ? `${text} (sent before)` : text);
  const fits = title.length + 3 + text.length + (joined ? 14 : 0) <= columns;
  return fits ? [`${paint("bold", title)}   ${verdict}`] : [paint("bold", title), verdict];
}

/** Of a rollback, what counts is who is left. */
function toVerdict(report: Report): (typeof STATUS)[RolloutStatus] {
  const { status, rollback, rolledBackBy } = report;
  const left = rollback?.left ?? 0;
  if (rolledBackBy !== undefined && isUnderWay(rolledBackBy))
    return { style: "yellow", text: `${STATUS[status].text}, is being rolled back` };
  if (status !== "rolled-back") {
    if (rolledBackBy === undefined) return STATUS[status];
    const since = `${STATUS[status].text}, rolled back since`;
    return left > 0 ? { style: "red", text: `${since}, ${formatNumber(left)} left` } : { style: "yellow", text: since };
  }
  if (left > 0) return { style: "red", text: `rolled back, ${formatNumber(left)} left` };
  return hasSucceeded(report) ? { ...STATUS[status], style: "green" } : STATUS[status];
}

const PHASES: Readonly<Record<RolloutProgress["phase"], string>> = {
  waiting: "waits for the lock",
  preparing: "looks up and plans, no customer is flipped yet",
  flipping: "flips",
  baking: "bakes",
  "rolling back": "rolls back",
  ending: "ends, no customer is flipped any more",
};

/** What holds a bake does not end it: it passes, or stands still while an alarm cannot be watched. */
const HELD: Readonly<Partial<Record<RolloutProgress["phase"], string>>> = {
  preparing: "is held before its first flip",
  flipping: "is held between two flips",
  "rolling back": "is held between two restores",
};

/** Of one that is under way: what it does, what holds it, and what it was told to do. */
function toProgress({ progress, plan }: Report, { columns, paint }: Page): readonly string[] {
  if (progress === undefined) return [];
  const { phase, wave, since, bakeLeftSeconds = 0, heldBy, noted } = progress;
  const waves = plan?.waves.length ?? 0;
  const where = wave === undefined || waves < 2 ? "" : `, wave ${wave} of ${waves}`;
  const doing = (heldBy.length > 0 ? HELD[phase] : undefined) ?? PHASES[phase];
  const left = bakeLeftSeconds > 0 ? `, ${formatSeconds(bakeLeftSeconds)} left` : "";
  return [
    paint("bold", "now"),
    ...hang("  ", `${doing}${where}${left}, since ${since}`, columns),
    ...heldBy.flatMap(({ message }) => hang("  ", `held: ${message}`, columns).map((line) => paint("yellow", line))),
    ...noted.flatMap(({ message }) => hang("  ", message, columns)),
  ];
}

const COUNTED: readonly { readonly kind: OutcomeKind; readonly style?: Style; readonly always: boolean }[] = [
  { kind: "flipped", style: "green", always: true },
  { kind: "unchanged", always: true },
  { kind: "deferred", style: "yellow", always: false },
  { kind: "skipped", always: true },
  { kind: "failed", style: "red", always: true },
];

/** Each outcome with its number; of a dry run, what the plan would come to. A rollback counts by its own words. */
function toCounts(report: Report, { paint }: Page): readonly string[] {
  const { counts, plan, status, action } = report;
  if (status === "refused" || action === "rollback" || (isUnderWay(report) && report.progress === undefined)) return [];
  const planned = status === "planned" ? plan : undefined;
  const rows = COUNTED.filter(({ kind, always }) =>
    planned ? kind !== "failed" && always : always || counts[kind] > 0,
  );
  const numbers: Readonly<Record<OutcomeKind, number>> = planned
    ? { ...counts, flipped: planned.flip, unchanged: planned.unchanged, skipped: planned.skipped }
    : counts;
  const width = Math.max(...rows.map(({ kind }) => formatNumber(numbers[kind]).length));
  return rows.map(({ kind, style = "bold" }) => {
    const label = planned && kind === "flipped" ? "to flip" : kind;
    const number = formatNumber(numbers[kind]).padStart(width);
    return `  ${label.padEnd(11)}${paint(numbers[kind] === 0 ? "dim" : style, number)}`;
  });
}

/** What became of those who had been flipped; of a dry run, how many a rollback would look at. */
function toRollbackResult({ rollback, rolledBackBy, status }: Report, { columns, paint }: Page): readonly string[] {
  if (rollback === undefined) return [];
  const { restored, conflicting, left } = rollback;
  if (status === "planned") return [`  to flip back  ${paint(left === 0 ? "dim" : "bold", formatNumber(left))}`];
  const rows = [
    { label: "flipped back", number: restored, style: "green" },
    { label: "left alone", number: conflicting, style: "yellow" },
    { label: "left", number: left, style: "red" },
  ] as const;
  const width = Math.max(...rows.map(({ number }) => formatNumber(number).length));
  const by = rolledBackBy === undefined ? "" : ` by ${clean(rolledBackBy.rolloutId)}`;
  const title = rolledBackBy !== undefined && isUnderWay(rolledBackBy) ? "is being rolled back" : "rolled back";
  return [
    ...wrap(`${title}${by}`, columns).map((line) => paint("bold", line)),
    ...rows.map(({ label, number, style }) => {
      const text = formatNumber(number).padStart(width);
      return `  ${label.padEnd(12)}  ${paint(number === 0 ? "dim" : style, text)}`;
    }),
  ];
}

/** How many were skipped for each reason: by the plan, and by what came up later, as far as the report names whom. */
function countSkipped(report: Report): ReadonlyMap<string, number> {
  const { plan, counts, exceptions } = report;
  const planned = new Map(Object.entries(plan?.skippedBy ?? {}));
  const later = counts.skipped - (plan?.skipped ?? 0);
  if (later <= 0) return planned;
  const skipped = exceptions.filter(({ outcome, reason }) => outcome === "skipped" && !reason.startsWith(CONFLICTING));
  // Those whom the plan itself skipped come first.
  const shown = skipped.slice(plan?.skipped ?? 0);
  const byReason = new Map(
    Array.from(
      Map.groupBy(shown, (outcome) => toSkipReason(outcome, report)),
      ([reason, outcomes]) => [reason, outcomes.length] as const,
    ),
  );
  const notBegun = Math.min(countNotBegun(report), later);
  if (notBegun > (byReason.get(STOPPED) ?? 0)) byReason.set(STOPPED, notBegun);
  const more = later - [...byReason.values()].reduce((sum, skipped) => sum + skipped, 0);
  const all = new Map(planned);
  for (const [reason, skipped] of byReason) all.set(reason, (all.get(reason) ?? 0) + skipped);
  if (more > 0) all.set(byReason.size > 0 ? "more, for these or other reasons" : "not attempted", more);
  return all;
}

const STOPPED = "not attempted, because it was stopped";

/** In the waves that a stopped rollout did not come to. */
function countNotBegun({ plan, waves, problem }: Report): number {
  if (waves === undefined || problem === undefined) return 0;
  const left = plan?.waves.filter(({ wave }) => !waves.some((begun) => begun.wave === wave)) ?? [];
  return left.reduce((sum, { customers }) => sum + customers, 0);
}

/** Why the rollout was stopped stands at the head of its report. */
function toSkipReason({ reason }: Outcome, { problem }: Report): string {
  const why = reason.startsWith(NOT_ATTEMPTED) ? reason.slice(NOT_ATTEMPTED.length) : undefined;
  return why !== undefined && problem?.includes(why) ? STOPPED : reason;
}

function toReasons(title: string, reasons: ReadonlyMap<string, number>, page: Page): readonly string[] {
  if (reasons.size === 0) return [];
  const most = Math.max(...reasons.values());
  const width = Math.max(4, formatNumber(most).length);
  const lines = [...reasons].flatMap(([reason, number]) =>
    hang(`  ${formatNumber(number).padStart(width)}  `, reason, page.columns),
  );
  return [page.paint("bold", title), ...lines];
}

/** So many customers are named here; the report as JSON has a hundred, the ledger all. */
const MOST_NAMED = 10;

/** Who needs a look, in this order. */
interface Listed {
  readonly title: string;
  readonly total: (report: Report) => number;
  readonly has: (outcome: Outcome) => boolean;
}

const LISTED: readonly Listed[] = [
  {
    title: "left, still where this release put them",
    total: ({ rollback }) => rollback?.left ?? 0,
    has: ({ reason }) => reason.startsWith(NOT_RESTORED),
  },
  {
    title: "left alone, not ours to touch",
    total: ({ rollback }) => rollback?.conflicting ?? 0,
    has: ({ reason }) => reason.startsWith(CONFLICTING),
  },
  { title: "deferred", total: ({ counts }) => counts.deferred, has: ({ outcome }) => outcome === "deferred" },
  {
    title: "failed",
    total: ({ counts }) => counts.failed,
    has: ({ outcome, reason }) => outcome === "failed" && !reason.startsWith(NOT_RESTORED),
  },
];

/** The first of them by name, grouped by reason. */
function toExceptions({ title, total, has }: Listed, report: Report, page: Page): readonly string[] {
  const listed = report.exceptions.filter(has);
  const more = total(report) - Math.min(listed.length, MOST_NAMED);
  if (listed.length === 0) return [];
  const byReason = Map.groupBy(listed.slice(0, MOST_NAMED), toReason);
  const lines = [...byReason].flatMap(([reason, customers]) => [
    ...wrap(reason, page.columns - 2).map((line) => `  ${line}`),
    ...customers.flatMap((customer) => toCustomer(customer, page)),
  ]);
  const rest = more > 0 ? hang("  ", `and ${formatNumber(more)} more; the ledger has all of them`, page.columns) : [];
  return [page.paint("bold", title), ...lines, ...rest.map((line) => page.paint("dim", line))];
}

/** The reason without the customer's own id, so that equal ones read as one, and without what the title says. */
function toReason({ reason, customerId }: Outcome): string {
  const told = [NOT_RESTORED, CONFLICTING].find((start) => reason.startsWith(start)) ?? "";
  return clean(reason.slice(told.length).replaceAll(` of customer ${customerId}`, ""));
}

function toCustomer({ customerId, name }: Outcome, { columns, paint }: Page): readonly string[] {
  const id = clean(customerId);
  const room = columns - 4;
  const label = shorten(clean(name), room);
  if (label === "") return [`    ${paint("dim", id)}`];
  const fits = label.length + 2 + id.length <= room;
  return fits ? [`    ${label}  ${paint("dim", id)}`] : [`    ${label}`, `      ${paint("dim", id)}`];
}

function toProblem({ problem, status }: Report, { columns, paint }: Page): readonly string[] {
  if (problem === undefined) return [];
  const lines = problem.split("\n").flatMap((line) => wrap(clean(line), columns - 2));
  const style = STATUS[status].style;
  return [paint("bold", "why"), ...lines.map((line) => `  ${paint(style, line)}`)];
}

function toFacts(report: Report, { columns, paint }: Page): readonly string[] {
  const { rolloutId, of, plan, overridden, movedMeanwhile, requestedBy, reason, durationMs } = report;
  const facts: readonly (readonly [label: string, text: string | undefined])[] = [
    ["rollout", rolloutId],
    ["of", of?.join(", ")],
    ["plan", plan && `${formatNumber(plan.flip)} to flip, hash ${plan.hash.slice(0, 12)}`],
    ["despite", overridden && `${overridden.join(", ")}: in ALARM before the first flip, overridden by the event`],
    ["moved", movedMeanwhile ? toMoved(movedMeanwhile) : undefined],
    ["asked by", requestedBy],
    ["because", reason],
    ["took", isUnderWay(report) ? undefined : formatDuration(durationMs)],
  ];
  return facts.flatMap(([label, text]) =>
    text === undefined
      ? []
      : hang(label.padEnd(10), text, columns).map((line) => paint("dim", line.slice(0, 10)) + line.slice(10)),
  );
}

function toMoved(customers: number): string {
  return `${formatNumber(customers)} to be flipped had been moved since the plan: by somebody else, or by Evo Voice with their parents`;
}

/** What to do. What is to be sent stands in a line of its own, whole, so that it can be copied. */
function toNext(report: Report, { columns, paint }: Page): readonly string[] {
  const advice = report.joined ? [] : [...adviseNext(report), ...adviseUnderWay(report), ...advisePlanned(report)];
  return advice.flatMap(({ say, send }, index) => {
    const label = (index === 0 ? "next" : "").padEnd(10);
    const lines = hang(label, say, columns).map((line) => paint("bold", line.slice(0, 10)) + line.slice(10));
    return send === undefined ? lines : [...lines, clean(JSON.stringify(send))];
  });
}

function advisePlanned({ status, plan }: Report): readonly Advice[] {
  if (status !== "planned") return [];
  const same =
    plan === undefined
      ? []
      : [{ say: `With "plan":"${plan.hash}" in it, it is refused when it would not do the same any more.` }];
  return [{ say: "Send the event again without dryRun when this plan is what you want." }, ...same];
}

function adviseUnderWay(report: Report): readonly Advice[] {
  const { rolloutId, action, progress, dryRun } = report;
  if (progress === undefined || dryRun) return [];
  const command = (name: string) => ({ command: name, rolloutId, requestedBy: "YOU", reason: "WHY" });
  const { phase, heldBy, noted } = progress;
  const isPaused = heldBy.some(({ code }) => code === "paused") || noted.some(({ code }) => code === "pause");
  const flips = action !== "rollback" && phase !== "waiting" && phase !== "rolling back";
  const stop = flips ? "To stop it and flip everybody back:" : "To stop it:";
  return [
    ...(isPaused ? [{ say: "To let it go on:", send: command("resume") }] : []),
    ...(phase === "ending" ? [] : [{ say: stop, send: command("abort") }]),
  ];
}
