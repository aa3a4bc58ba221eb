import { type Ending, isEnding } from "./change.ts";
import type { Report } from "./report.ts";
import { clean, formatNumber } from "./report-text.ts";
import { shortenText } from "./shorten-change.ts";

/** What a person is told; plain text that a phone shows. */
export interface PersonMessage {
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
  | "reverted"
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
export function toPersonMessage(report: Told): PersonMessage | undefined {
  const verdict = report.joined || report.dryRun || !isEnding(report.status) ? undefined : judge(report, report.status);
  if (verdict === undefined) return undefined;
  const { severity, what, next } = verdict;
  const paragraphs = [
    [toTitle(report), `${what}.`],
    toWhy(report),
    toNumbers(report),
    toNames(report),
    toNext(next),
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
  readonly severity: PersonMessage["severity"];
  /** How it stands, in a few words with the number that matters. */
  readonly what: string;
  readonly next: readonly Advice[];
}

/** What to do, and the event or command that does it. */
interface Advice {
  readonly say: string;
  readonly send?: Readonly<Record<string, unknown>> | undefined;
}

/** Critical is what leaves customers where they should not be; a warning is what did not happen, or was undone. */
function judge(report: Told, status: Ending): Verdict | undefined {
  switch (status) {
    case "succeeded":
    case "planned":
      return undefined;
    case "refused":
      return { severity: "warning", what: "refused, nobody was flipped", next: adviseRefused(report) };
    case "partial":
      return {
        severity: "warning",
        what: `ended, ${count(report.counts.failed + report.counts.deferred)} not flipped`,
        next: [SEE_NAMES, retry(report)],
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
function judgeRolledBack(report: Told): Verdict {
  const { flippedBack = 0, left = 0 } = report.reverted ?? {};
  if (left > 0) {
    const again = { say: "Send the rollback again: it goes on with those who are left.", send: toRollback(report) };
    return { severity: "critical", what: `rolled back, ${count(left)} left`, next: [SEE_NAMES, again] };
  }
  return {
    severity: report.action === "rollback" ? "info" : "warning",
    what: `rolled back, ${count(flippedBack)} flipped back`,
    next: adviseHeld(report),
  };
}

function judgeStopped(report: Told, status: "halted" | "failed" | "aborted"): Verdict | undefined {
  const { reverted, action } = report;
  if (action === "rollback") {
    const again = { say: "When the cause is mended, send the rollback again: it goes on.", send: toRollback(report) };
    const what = reverted === undefined ? "before it flipped back" : `${count(reverted.left)} not flipped back`;
    return { severity: "critical", what: `${status}, ${what}`, next: [again] };
  }
  const standing = countStanding(report);
  if (standing > 0) {
    const what = `${status}, ${count(standing)} flipped and standing`;
    return { severity: "critical", what, next: reverted === undefined ? [undo(report), goOn(report)] : [undo(report)] };
  }
  // Who aborts a rollout before its first flip knows it.
  if (status === "aborted") return undefined;
  return { severity: "warning", what: `${status}, nobody is flipped`, next: [MEND] };
}

/** A revert that broke off may not have come to count them all. */
function countStanding({ counts: { flipped }, reverted }: Told): number {
  if (reverted === undefined) return flipped;
  return Math.max(reverted.left, flipped - reverted.flippedBack - reverted.leftAlone);
}

const SEE_NAMES: Advice = { say: "Look at the customers named above; the report and the ledger have all of them." };
const MEND: Advice = { say: "Mend the cause, then send the deploy event again, with another id if it has one." };

function adviseRefused({ problem = "" }: Told): readonly Advice[] {
  if (!problem.includes(" is in ALARM")) return [MEND];
  const say = `If this release is what mends the alarm, add this to the deploy event: "override":{"reason":"WHY"}`;
  return [MEND, { say }];
}

function adviseHeld({ release }: Told): readonly Advice[] {
  if (release === undefined) return [];
  const send = { command: "clear-release", release, requestedBy: "YOU", reason: "WHY" };
  return [{ say: "The release is held: nothing brings it out again. When it may go out after all, clear it:", send }];
}

function undo(report: Told): Advice {
  return { say: "To flip back exactly those:", send: toRollback(report) };
}

function goOn({ rolloutId }: Told): Advice {
  return {
    say: "Or, when the cause is mended, to go on with who failed and who was not attempted:",
    send: { action: "retry", rolloutId },
  };
}

function retry({ rolloutId }: Told): Advice {
  return { say: "To try again those who failed, and nobody else:", send: { action: "retry", rolloutId } };
}

/** A rollback is no rollout that can be turned back: what it turned back is sent again. */
function toRollback({ action, rolloutId, release, of = [] }: Told): Advice["send"] {
  if (action !== "rollback") return { action: "rollback", rolloutId };
  if (of.length === 1) return { action: "rollback", rolloutId: of[0] };
  return release === undefined ? undefined : { action: "rollback", release };
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

function toNumbers({ status, counts, reverted }: Told): readonly string[] {
  if (status === "refused") return [];
  const { flipped, deferred, skipped, failed } = counts;
  const numbers: readonly (readonly [what: string, number: number])[] = [
    ["flipped", flipped],
    ["deferred", deferred],
    ["skipped", skipped],
    ["failed", failed],
    ["flipped back", reverted?.flippedBack ?? 0],
    ["left alone, changed since", reverted?.leftAlone ?? 0],
    ["could not be flipped back", reverted?.left ?? 0],
  ];
  const shown = numbers.filter(([, number]) => number > 0);
  return shown.length === 0
    ? []
    : ["customers:", ...shown.map(([what, number]) => `  ${what}: ${formatNumber(number)}`)];
}

/** The first who failed or were put off, each with what is wrong. */
function toNames({ exceptions, counts, reverted }: Told): readonly string[] {
  const needy = exceptions.filter(({ outcome }) => outcome === "failed" || outcome === "deferred");
  if (needy.length === 0) return [];
  const named = needy.slice(0, MOST_NAMED);
  const all = counts.failed + counts.deferred + (reverted?.left ?? 0);
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

function count(customers: number): string {
  return customers === 1 ? "1 customer" : `${formatNumber(customers)} customers`;
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, no line breaks, at most 100 characters. */
function toSubject(text: string): string {
  return shortenAscii(text.replaceAll(/[^\x20-\x7e]/g, "?"), MOST_SUBJECT);
}

function shortenAscii(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}
