import type { Report } from "./report.ts";
import { isUnderWay } from "./rollout-status.ts";

/** What to do about a rollout that has ended, and the event or command that does it. */
export interface Advice {
  readonly say: string;
  /** For the front door, as it is. */
  readonly send?: Readonly<Record<string, unknown>> | undefined;
}

export type Advised = Pick<
  Report,
  | "rolloutId"
  | "action"
  | "release"
  | "status"
  | "problem"
  | "counts"
  | "namedSkipped"
  | "rollback"
  | "rolledBackBy"
  | "held"
  | "notHeld"
  | "of"
>;

/** What a person can do now, the first thing first; nothing for a rollout that did what was wanted. */
export function adviseNext(report: Advised): readonly Advice[] {
  if (report.rolledBackBy !== undefined) return adviseRolledBackBy(report, report.rolledBackBy);
  switch (report.status) {
    case "succeeded":
    case "planned":
    case "running":
    case "waiting":
      return [];
    case "refused":
      return adviseRefused(report);
    case "partial":
      return advisePartial(report);
    case "rolled-back":
      return adviseRolledBack(report);
    case "halted":
    case "failed":
    case "aborted":
      return adviseStopped(report);
  }
}

/** Who is where the rollout put them. A revert that broke off may not have come to count them all. */
export function countStanding({ counts: { flipped }, rollback }: Pick<Report, "counts" | "rollback">): number {
  if (rollback === undefined) return flipped;
  return Math.max(rollback.left, flipped - rollback.restored - rollback.conflicting);
}

const SEE_NAMES: Advice = { say: "Look at the customers named above; the report and the ledger have all of them." };
const SEE_SKIPPED: Advice = {
  say: "The event names customers that were skipped, each with its reason: correct the event, or what keeps them.",
};
const MEND: Advice = { say: "Mend the cause, then send the deploy event again, with another id if it has one." };

function advisePartial(report: Advised): readonly Advice[] {
  const { failed, deferred } = report.counts;
  return [
    ...((report.namedSkipped ?? 0) > 0 ? [SEE_SKIPPED] : []),
    ...(failed + deferred > 0 ? [SEE_NAMES, retry(report)] : []),
  ];
}

function adviseRefused({ problem = "" }: Advised): readonly Advice[] {
  if (!problem.includes(" is in ALARM")) return [MEND];
  const say = `If this release is what mends the alarm, add this to the deploy event: "override":{"reason":"WHY"}`;
  return [MEND, { say }];
}

function adviseRolledBack(report: Advised): readonly Advice[] {
  if ((report.rollback?.left ?? 0) === 0) return adviseHeld(report);
  const again = { say: "Send the rollback again: it goes on with those who are left.", send: toRollback(report) };
  return [SEE_NAMES, again, ...adviseNotHeld(report)];
}

/** By a rollout that came later: whatever became of it before, what counts is who is left. */
function adviseRolledBackBy(report: Advised, by: NonNullable<Advised["rolledBackBy"]>): readonly Advice[] {
  if (isUnderWay(by)) {
    const send = { command: "status", rolloutId: by.rolloutId };
    return [{ say: `Rollout ${by.rolloutId} turns it back now. How far that is:`, send }];
  }
  if ((report.rollback?.left ?? 0) > 0) return adviseRolledBack(report);
  return report.held === undefined ? [] : adviseHeld(report);
}

function adviseHeld(report: Advised): readonly Advice[] {
  const { release, held } = report;
  if (release === undefined) return [];
  if (held === false) return adviseNotHeld(report);
  const send = { command: "clear-release", release, requestedBy: "YOU", reason: "WHY" };
  return [{ say: "The release is held: nothing brings it out again. When it may go out after all, clear it:", send }];
}

/** Nothing keeps a schedule from bringing it out again. */
function adviseNotHeld({ release, held, notHeld }: Advised): readonly Advice[] {
  if (release === undefined || held !== false) return [];
  const send = { command: "hold-release", release, requestedBy: "YOU", reason: "WHY" };
  return [{ say: `The release is NOT held (${notHeld}): anything may bring it out again. To hold it:`, send }];
}

/** A release that was to be turned back is held: a retry would be refused. */
function adviseStopped(report: Advised): readonly Advice[] {
  if (report.action === "rollback") {
    const again = { say: "When the cause is mended, send the rollback again: it goes on.", send: toRollback(report) };
    return [again, ...adviseNotHeld(report)];
  }
  if (countStanding(report) > 0)
    return report.rollback === undefined
      ? [rollBackSource(report), goOn(report)]
      : [rollBackSource(report), ...adviseNotHeld(report)];
  // Who aborts a rollout before its first flip knows what they want.
  return report.status === "aborted" ? [] : [MEND];
}

function rollBackSource(report: Advised): Advice {
  return { say: "To flip back exactly those:", send: toRollback(report) };
}

function goOn({ rolloutId }: Advised): Advice {
  return {
    say: "Or, when the cause is mended, to go on with who failed and who was not attempted:",
    send: { action: "retry", rolloutId },
  };
}

function retry({ rolloutId }: Advised): Advice {
  return {
    say: "To try again those who failed or were put off, and nobody else:",
    send: { action: "retry", rolloutId },
  };
}

/** A rollback is no rollout that can be turned back: what it turned back is sent again. */
function toRollback({ action, rolloutId, release, of = [] }: Advised): Advice["send"] {
  if (action !== "rollback") return { action: "rollback", rolloutId };
  if (of.length === 1) return { action: "rollback", rolloutId: of[0] };
  return release === undefined ? undefined : { action: "rollback", release };
}
