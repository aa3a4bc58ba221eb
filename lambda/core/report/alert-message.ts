import { type Advice, adviseNext, countStanding } from "./next-steps.ts";
import { countNotFlipped, type Report } from "./report.ts";
import { type Ending, isEnding } from "./rollout-event.ts";
import { shortenText } from "./shorten-event.ts";
import { clean, countCustomers, formatNumber } from "./text-layout.ts";

/** What a person is told; plain text that a phone shows. */
export interface AlertMessage {
  /** To filter by: `critical` is for the middle of the night, `info` for the morning. */
  readonly severity: "info" | "warning" | "critical";
  /** At most 100 characters of ASCII, in one line. */
  readonly subject: string;
  readonly text: string;
}

/** Of a report, what a person is told. */
export type Told = Pick<
  Report,
  | "rolloutId"
  | "action"
  | "release"
  | "status"
  | "dryRun"
  | "joined"
  | "problem"
  | "counts"
  | "namedSkipped"
  | "rollback"
  | "held"
  | "notHeld"
  | "of"
  | "exceptions"
  | "requestedBy"
  | "reason"
>;

/** So many lines of a problem, so many customers by name, and how long a line may get. */
const MOST_PROBLEM_LINES = 12;
const MOST_LINE = 600;
const MOST_NAMED = 5;
const MOST_NAME = 40;
const MOST_SUBJECT = 100;

/**
 * What a person must know of a rollout that has ended, or undefined when nobody is needed: it succeeded, it was a dry
 * run, or its sender was answered with an earlier rollout. A refusal is told: whoever sent the event was answered before
 * the worker refused it, and a schedule hears no answer at all.
 */
export function toAlertMessage(report: Told): AlertMessage | undefined {
  const verdict = report.joined || report.dryRun || !isEnding(report.status) ? undefined : judge(report, report.status);
  if (verdict === undefined) return undefined;
  const { severity, what } = verdict;
  const paragraphs = [
    [toTitle(report), `${what}.`],
    toWhy(report),
    toNumbers(report),
    toNames(report),
    toNext(adviseNext(report)),
    toFacts(report),
  ];
  return {
    severity,
    subject: toSubject(`Cutover ${severity}: ${toShortTitle(report)}: ${what}`),
    text: `${paragraphs
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join("\n"))
      .join("\n\n")}\n`,
  };
}

interface Verdict {
  readonly severity: AlertMessage["severity"];
  /** How it stands, in a few words with the number that matters. */
  readonly what: string;
}

/** Critical is what leaves customers where they should not be; a warning is what did not happen, or was undone. */
function judge(report: Told, status: Ending): Verdict | undefined {
  switch (status) {
    case "succeeded":
    case "planned":
      return undefined;
    case "refused":
      return { severity: "warning", what: "refused, nobody was flipped" };
    case "partial":
      return {
        severity: "warning",
        what: `ended, ${countCustomers(countNotFlipped(report))} not flipped`,
      };
    case "rolled-back":
      return judgeRolledBack(report);
    case "halted":
    case "failed":
    case "aborted":
      return judgeStopped(report, status);
  }
}

/** A rollback that somebody asked for is what they wanted; one that a gate decided is news. */
function judgeRolledBack({ action, rollback, held }: Told): Verdict {
  const { restored = 0, left = 0 } = rollback ?? {};
  const notHeld = held === false ? ", the release is NOT held" : "";
  if (left > 0) return { severity: "critical", what: `rolled back, ${countCustomers(left)} left${notHeld}` };
  const what = `rolled back, ${countCustomers(restored)} flipped back${notHeld}`;
  return { severity: action === "rollback" && notHeld === "" ? "info" : "warning", what };
}

function judgeStopped(report: Told, status: "halted" | "failed" | "aborted"): Verdict | undefined {
  const { rollback, action } = report;
  if (action === "rollback") {
    const what =
      rollback === undefined ? "before it flipped back" : `${countCustomers(rollback.left)} not flipped back`;
    return { severity: "critical", what: `${status}, ${what}` };
  }
  const standing = countStanding(report);
  if (standing > 0)
    return { severity: "critical", what: `${status}, ${countCustomers(standing)} flipped and standing` };
  // Who aborts a rollout before its first flip knows it.
  return status === "aborted" ? undefined : { severity: "warning", what: `${status}, nobody is flipped` };
}

function toTitle({ action, release, rolloutId }: Told): string {
  return clean(`${action} ${release ?? `(rollout ${rolloutId})`}`);
}

function toShortTitle({ action, release, rolloutId }: Told): string {
  return `${action} ${shortenAscii(clean(release ?? rolloutId), MOST_NAME)}`;
}

/** Quoted: whatever it says, it is what was found, and no word of ours. */
function toWhy({ problem }: Told): readonly string[] {
  if (problem === undefined) return [];
  const lines = problem
    .split(/[\r\n]+/)
    .map(clean)
    .filter((line) => line !== "");
  const more = lines.length - MOST_PROBLEM_LINES;
  return [
    "why:",
    ...lines.slice(0, MOST_PROBLEM_LINES).map((line) => `> ${shortenText(line, MOST_LINE)}`),
    ...(more > 0 ? [`and ${formatNumber(more)} lines more in the report`] : []),
  ];
}

function toNumbers({ status, counts, rollback }: Told): readonly string[] {
  if (status === "refused") return [];
  const { flipped, deferred, skipped, failed } = counts;
  const numbers: readonly (readonly [what: string, number: number])[] = [
    ["flipped", flipped],
    ["deferred", deferred],
    ["skipped", skipped],
    ["failed", failed],
    ["flipped back", rollback?.restored ?? 0],
    ["left alone, changed since", rollback?.conflicting ?? 0],
    ["could not be flipped back", rollback?.left ?? 0],
  ];
  const shown = numbers.filter(([, number]) => number > 0);
  return shown.length === 0
    ? []
    : ["customers:", ...shown.map(([what, number]) => `  ${what}: ${formatNumber(number)}`)];
}

/** The first who failed or were put off, each with what is wrong. */
function toNames({ exceptions, counts, rollback }: Told): readonly string[] {
  const needy = exceptions.filter(({ outcome }) => outcome === "failed" || outcome === "deferred");
  if (needy.length === 0) return [];
  const named = needy.slice(0, MOST_NAMED);
  const all = counts.failed + counts.deferred + (rollback?.left ?? 0);
  const more = Math.max(all, needy.length) - named.length;
  return [
    "who:",
    ...named.map(({ customerId, name, reason }) => {
      const who = [shortenText(clean(name), MOST_NAME), `(${clean(customerId)})`].filter((each) => each !== "");
      return `  ${who.join(" ")}: ${shortenText(clean(reason), MOST_LINE)}`;
    }),
    ...(more > 0 ? [`  and ${formatNumber(more)} more`] : []),
  ];
}

/** A command stands in a line of its own, whole, so that it can be copied. */
function toNext(advice: readonly Advice[]): readonly string[] {
  if (advice.length === 0) return [];
  return [
    "what to do (send to the front door, see docs/triggers.md):",
    ...advice.flatMap(({ say, send }) => [`  ${say}`, ...(send === undefined ? [] : [JSON.stringify(send)])]),
  ];
}

function toFacts({ rolloutId, requestedBy, reason }: Told): readonly string[] {
  return [
    `rollout: ${clean(rolloutId)}`,
    ...(requestedBy === undefined ? [] : [`asked by: ${shortenText(clean(requestedBy), MOST_LINE)}`]),
    ...(reason === undefined ? [] : [`because: ${shortenText(clean(reason), MOST_LINE)}`]),
  ];
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, no line breaks, at most 100 characters. */
function toSubject(text: string): string {
  return shortenAscii(text.replaceAll(/[^\x20-\x7e]/g, "?"), MOST_SUBJECT);
}

function shortenAscii(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}
