import { stripVTControlCharacters, styleText } from "node:util";
import type { Outcome, OutcomeKind } from "./outcome.ts";
import type { Report, RolloutStatus } from "./report.ts";

export interface TextOptions {
  /** Whether colours mark what is good, what is bad and what is beside the point. */
  readonly colour: boolean;
  /** The longest line, but for a word that is longer. @default 60, a phone's */
  readonly columns?: number;
}

type Style = "green" | "yellow" | "red" | "bold" | "dim";

interface Page {
  readonly columns: number;
  paint(style: Style, text: string): string;
}

/** The report for people: aligned, readable on a phone. What came from outside is data: it cannot steer a terminal. */
export function renderReport(report: Report, { colour, columns = 60 }: TextOptions): string {
  const page: Page = {
    columns,
    paint: (style, text) => (colour && text !== "" ? styleText(style, text, { validateStream: false }) : text),
  };
  const paragraphs = [
    toHeading(report, page),
    toProblem(report, page),
    toCounts(report, page),
    toReasons("skipped", countSkipped(report), page),
    toExceptions("deferred", report, page),
    toExceptions("failed", report, page),
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

function toHeading({ action, release, status, joined }: Report, { paint, columns }: Page): readonly string[] {
  const title = clean(`${action} ${release}`);
  const { style, text } = STATUS[status];
  const verdict = paint(style, joined ? `${text} (sent before)` : text);
  const fits = title.length + 3 + text.length + (joined ? 14 : 0) <= columns;
  return fits ? [`${paint("bold", title)}   ${verdict}`] : [paint("bold", title), verdict];
}

const COUNTED: readonly { readonly kind: OutcomeKind; readonly style?: Style; readonly always: boolean }[] = [
  { kind: "flipped", style: "green", always: true },
  { kind: "unchanged", always: true },
  { kind: "deferred", style: "yellow", always: false },
  { kind: "skipped", always: true },
  { kind: "failed", style: "red", always: true },
];

/** Each outcome with its number; of a dry run, what the plan would come to. */
function toCounts({ counts, plan, status }: Report, { paint }: Page): readonly string[] {
  if (status === "refused" || status === "running") return [];
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

/** How many were skipped for each reason: by the plan, and by what came up later, as far as the report names whom. */
function countSkipped({ plan, counts, exceptions }: Report): ReadonlyMap<string, number> {
  const planned = new Map(Object.entries(plan?.skippedBy ?? {}));
  const later = counts.skipped - (plan?.skipped ?? 0);
  if (later <= 0) return planned;
  const shown = exceptions.filter(({ outcome, reason }) => outcome === "skipped" && !planned.has(reason));
  const byReason = Map.groupBy(shown, ({ reason }) => reason);
  const more = later - shown.length;
  return new Map([
    ...planned,
    ...Array.from(byReason, ([reason, skipped]) => [reason, skipped.length] as const),
    ...(more > 0 ? [[shown.length > 0 ? "more, for these or other reasons" : "not attempted", more] as const] : []),
  ]);
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

/** Who needs a look, grouped by reason. */
function toExceptions(kind: "deferred" | "failed", { exceptions, counts }: Report, page: Page): readonly string[] {
  const listed = exceptions.filter(({ outcome }) => outcome === kind);
  if (listed.length === 0) return [];
  const byReason = Map.groupBy(listed.slice(0, MOST_NAMED), toReason);
  const lines = [...byReason].flatMap(([reason, customers]) => [
    ...wrap(reason, page.columns - 2).map((line) => `  ${line}`),
    ...customers.flatMap((customer) => toCustomer(customer, page)),
  ]);
  const more = counts[kind] - Math.min(listed.length, MOST_NAMED);
  const rest = more > 0 ? hang("  ", `and ${formatNumber(more)} more; the ledger has all of them`, page.columns) : [];
  return [page.paint("bold", kind), ...lines, ...rest.map((line) => page.paint("dim", line))];
}

/** The reason without the customer's own id, so that equal ones read as one. */
function toReason({ reason, customerId }: Outcome): string {
  return clean(reason.replaceAll(` of customer ${customerId}`, ""));
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
  const { rolloutId, plan, movedMeanwhile, requestedBy, reason, durationMs, status } = report;
  const facts: readonly (readonly [label: string, text: string | undefined])[] = [
    ["rollout", rolloutId],
    ["plan", plan && `${formatNumber(plan.flip)} to flip, hash ${plan.hash.slice(0, 12)}`],
    ["moved", movedMeanwhile ? toMoved(movedMeanwhile) : undefined],
    ["asked by", requestedBy],
    ["because", reason],
    ["took", status === "running" ? undefined : formatDuration(durationMs)],
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

const NEXT: Readonly<Partial<Record<RolloutStatus, string>>> = {
  planned: "send the event again without dryRun when this plan is what you want",
  partial:
    "look at the customers named above, then send the event again, with another id if it has one: who is right already is left alone",
  failed:
    "mend the cause, then send the event again, with another id if it has one: who is right already is left alone",
  refused: "mend the cause, then send the event again, with another id if it has one",
};

function toNext({ status, joined }: Report, { columns, paint }: Page): readonly string[] {
  const next = joined ? undefined : NEXT[status];
  if (next === undefined) return [];
  return hang("next".padEnd(10), next, columns).map((line) => paint("bold", line.slice(0, 10)) + line.slice(10));
}

/** One line of text without anything that a terminal obeys: escape sequences, control, format and bidi characters. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cf}\p{Cs}]/gu, "")
    .replace(/[\p{Cc}\p{Z}]+/gu, " ")
    .trim();
}

/** 1,234 */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

/** Two units at most: "850 ms", "2.4 s", "3 min 12 s", "5 h 2 min". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Wrapped text behind a label, its further lines below its first. */
function hang(label: string, text: string, columns: number): readonly string[] {
  const lines = wrap(clean(text), columns - label.length);
  return lines.map((line, index) => `${index === 0 ? label : " ".repeat(label.length)}${line}`);
}

function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function shorten(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join("")}…`;
}
