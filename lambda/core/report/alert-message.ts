import { countInDoubt, countStanding } from "./next-steps.ts";
import { renderReport } from "./render-report.ts";
import { countNotFlipped, type Report } from "./report.ts";
import { type EndStatus, isEndStatus } from "./rollout-event.ts";
import { clean, countCustomers } from "./text-layout.ts";

/** An alert for a person; plain text that a phone shows. */
export interface AlertMessage {
  /** To filter by: `critical` is for the middle of the night, `info` for the morning. */
  readonly severity: "info" | "warning" | "critical";
  /** At most 100 characters of ASCII, in one line. */
  readonly subject: string;
  readonly text: string;
}

/**
 * The alert about a rollout that ended. Undefined when no person is needed: it succeeded, it was a dry run, or its sender
 * was answered with an earlier rollout. A refusal is an alert, because the worker refuses after the front door answered
 * the sender, and a schedule hears no answer at all.
 */
export function toAlertMessage(report: Report): AlertMessage | undefined {
  const verdict =
    report.joined || report.dryRun || !isEndStatus(report.status) ? undefined : judge(report, report.status);
  if (verdict === undefined) return undefined;
  const { severity, result } = verdict;
  return {
    severity,
    subject: toSubject(`Cutover ${severity}: ${toTitle(report)}: ${result}`),
    text: renderReport(report, "plain"),
  };
}

/** The alert that asks for an approval: the report so far, which has the commands that answer, and a link. */
export function toApprovalAlert(report: Report, dashboardUrl: string | undefined): AlertMessage {
  const { wave, customers = 0 } = report.plan?.waves.find((each) => each.wave === report.progress?.wave) ?? {};
  const link = dashboardUrl === undefined ? "" : `\nThe dashboard: ${dashboardUrl}\n`;
  return {
    severity: "warning",
    subject: toSubject(
      `Cutover warning: ${toTitle(report)}: wave ${wave}, ${countCustomers(customers)}, waits for an approval`,
    ),
    text: `${renderReport(report, "plain")}${link}`,
  };
}

interface Verdict {
  readonly severity: AlertMessage["severity"];
  /** In a few words, with the number that matters. */
  readonly result: string;
}

/** Critical: customers stand where they should not. Warning: the wanted flips did not happen, or were undone. */
function judge(report: Report, status: EndStatus): Verdict | undefined {
  switch (status) {
    case "succeeded":
    case "planned":
      return undefined;
    case "refused":
      return { severity: "warning", result: "refused, no customer was flipped" };
    case "partial":
      return { severity: "warning", result: `partial, ${toPartial(countNotFlipped(report))}` };
    case "rolled-back":
      return judgeRolledBack(report);
    case "halted":
    case "failed":
    case "aborted":
      return judgeStopped(report, status);
  }
}

function toPartial(notFlipped: number): string {
  return notFlipped > 0 ? `${countCustomers(notFlipped)} not flipped` : "not listed at the end";
}

/** A rollback that a person asked for is no surprise; one that a gate decided is. */
function judgeRolledBack({ action, rollback, held }: Report): Verdict {
  const { restored = 0, failed = 0 } = rollback ?? {};
  const notHeld = held === false ? ", the release is NOT held" : "";
  if (failed > 0)
    return { severity: "critical", result: `rolled back, ${countCustomers(failed)} not restored${notHeld}` };
  const result = `rolled back, ${countCustomers(restored)} restored${notHeld}`;
  return { severity: action === "rollback" && notHeld === "" ? "info" : "warning", result };
}

function judgeStopped(report: Report, status: "halted" | "failed" | "aborted"): Verdict | undefined {
  const { rollback, action } = report;
  if (action === "rollback") {
    return { severity: "critical", result: `${status}, ${toRestored(rollback)}` };
  }
  const standing = countStanding(report);
  if (standing > 0) return { severity: "critical", result: `${status}, ${countCustomers(standing)} ${toStay(report)}` };
  // A person who aborts a rollout before its first flip knows the result.
  return status === "aborted" ? undefined : { severity: "warning", result: `${status}, no customer stays flipped` };
}

function toRestored(rollback: Report["rollback"]): string {
  if (rollback === undefined) return "no customer restored";
  return rollback.failed > 0 ? `${countCustomers(rollback.failed)} not restored` : "the restores are not verified";
}

function toStay(report: Report): string {
  return report.rollback !== undefined || countInDoubt(report) === 0 ? "stay flipped" : "stay or may be flipped";
}

const MOST_NAME = 40;

function toTitle({ action, release, rolloutId }: Report): string {
  return `${action} ${shortenAscii(clean(release ?? rolloutId), MOST_NAME)}`;
}

const MOST_SUBJECT = 100;

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, no line breaks, at most 100 characters. */
function toSubject(text: string): string {
  return shortenAscii(text.replaceAll(/[^\x20-\x7e]/g, "?"), MOST_SUBJECT);
}

function shortenAscii(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}
