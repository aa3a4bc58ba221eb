import type { Advice } from "../../contract/advice.ts";
import type { DeployEvent } from "../../contract/deploy-event.ts";
import { isCodeOfDoubt } from "../flip/outcome.ts";
import { toShortHash } from "../plan/short-hash.ts";
import type { Explained, Reason, ReasonCode } from "../reasons.ts";
import type { Exception, Report } from "./report.ts";
import { isUnderWay } from "./rollout-status.ts";

/**
 * What a person who reads the report can do, the first thing first; nothing when the rollout did what was wanted. With the
 * rollout's event, advice to send it again holds the whole event.
 */
export function adviseReader(report: Report, event?: DeployEvent): readonly Advice[] {
  if (report.joined) return [];
  const { problems = [], progress, status } = report;
  const advice = [
    ...adviseEnded(report, event),
    ...adviseUnderWay(report),
    ...advisePlanned(report),
    // What did not begin can be sent again with more members.
    ...[...problems, ...(progress?.heldBy ?? [])].flatMap(adviseOn).filter(({ add }) => !add || status === "refused"),
  ];
  const once = [...new Map(advice.map((each) => [each.say, each])).values()];
  return once.map((each) => (event && each.add ? { say: each.say, send: { ...event, ...each.add } } : each));
}

/** What a person can do about what holds, refuses or ended a rollout. */
export function adviseOn(reason: Reason): readonly Advice[] {
  switch (reason.code) {
    case "stopped":
      return [{ say: "To end the stop:", send: toCommand("resume-everything") }];
    case "frozen":
      return [
        { say: "To lift the freeze:", send: toCommand("lift-freeze", { name: reason.freeze }) },
        { say: "To wait for the end of the freeze:", add: { onFreeze: "wait", notAfter: "TIME" } },
        { say: "To flip customers during the freeze:", add: OVERRIDE },
      ];
    case "release-held":
      return [{ say: "To end the hold:", send: toCommand("clear-release", { release: reason.release }) }];
    case "locked":
      return [
        { say: "To see that rollout, and how to stop it:", send: { command: "status", rolloutId: reason.rolloutId } },
        { say: "To wait for the end of that rollout:", add: { onBusy: "wait", notAfter: "TIME" } },
      ];
    case "alarm":
      return reason.state === "ALARM" ? [{ say: "If this release fixes what the alarm is about:", add: OVERRIDE }] : [];
    case "sign-in-refused":
    case "sign-in-unclear":
      return [{ say: "To try the login again:", send: toCommand("try-login-again") }];
    default:
      return "why" in reason && typeof reason.why === "object" ? [reason.why].flat().flatMap(adviseOn) : [];
  }
}

const OVERRIDE = { override: { reason: "WHY" } };

function toCommand(command: string, members: Advice["send"] = {}): Advice["send"] {
  return { command, ...members, requestedBy: "YOU", reason: "WHY" };
}

function adviseEnded(report: Report, event: DeployEvent | undefined): readonly Advice[] {
  if (report.rolledBackBy !== undefined) return adviseRolledBackBy(report, report.rolledBackBy);
  switch (report.status) {
    case "succeeded":
    case "planned":
    case "running":
    case "waiting":
      return [];
    case "refused":
      return adviseRefused(report, event);
    case "partial":
      return advisePartial(report);
    case "rolled-back":
      return adviseRolledBack(report);
    case "halted":
    case "failed":
    case "aborted":
      return adviseStopped(report, event);
  }
}

/** How many customers stay, or may stay, where the rollout put them. A rollback that broke off may not have counted all. */
export function countStanding(report: Pick<Report, "counts" | "failedBy" | "rollback">): number {
  const { flipped } = report.counts;
  const { rollback } = report;
  if (rollback === undefined) return flipped + countInDoubt(report);
  return Math.max(rollback.failed, flipped - rollback.restored - rollback.conflicting);
}

/** How many of the failed customers may have been flipped all the same. */
export function countInDoubt({ failedBy = [] }: Pick<Report, "failedBy">): number {
  return failedBy.filter(({ code }) => isCodeOfDoubt(code)).reduce((sum, { customers }) => sum + customers, 0);
}

/** A rollout that stopped after its last flip leaves a retry nothing. */
function isAllDone({ counts, plan }: Report): boolean {
  return plan !== undefined && counts.flipped + counts.unchanged >= plan.flip + plan.unchanged;
}

/** Of several source rollouts, the report names some customers of all. */
function seeNames({ rolloutId, action, of = [] }: Report, outcome: Exception["outcome"]): Advice {
  const [planned, ...others] = action === "rollback" ? of : [rolloutId];
  if (planned === undefined || others.length > 0) return { say: "Look at the customers named above." };
  const say = "Look at the customers named above. To list all of them:";
  return { say, send: { command: "customers", rolloutId: planned, outcome } };
}

const SEE_SKIPPED: Advice = {
  say: "The event names customers that were skipped, each with its reason. Correct the event, or what makes it skip them.",
};

/** A retry leaves the customers that something else moved after their flip. */
function advisePartial(report: Report): readonly Advice[] {
  const { failed, deferred } = report.counts;
  const moved = report.exceptions.filter(({ reason }) => reason.code === "changed-since").length;
  return [
    ...((report.namedSkipped ?? 0) > 0 ? [SEE_SKIPPED] : []),
    ...(failed + deferred > 0 ? [seeNames(report, failed > 0 ? "failed" : "deferred")] : []),
    ...(failed + deferred > moved ? [retry(report)] : []),
  ];
}

const OF_ANOTHER_PLAN: readonly ReasonCode[] = ["stale-plan", "unknown-plan", "plan-of-another-event"];

/** A refusal does not use up the event's id. An event that is too late would be refused again. */
function adviseRefused(report: Report, event: DeployEvent | undefined): readonly Advice[] {
  const { problems = [], held } = report;
  if (held !== undefined) return adviseHeld(report);
  if (problems.some(({ code }) => code === "none-left" || code === "was-rolled-back")) return [];
  if (problems.some(({ code }) => OF_ANOTHER_PLAN.includes(code)))
    return [{ say: "To see the plan of now, without this hash:", add: { dryRun: true, plan: undefined } }];
  const say = "Fix the cause, then send the deploy event again.";
  return [problems.some(({ code }) => code === "too-late") ? { say } : { say, send: event }];
}

function adviseRolledBack(report: Report): readonly Advice[] {
  if ((report.rollback?.failed ?? 0) === 0) return adviseHeld(report);
  const say = "Send the rollback again. It continues with the customers that failed:";
  return [seeNames(report, "not-restored"), { say, send: toRollback(report) }, ...adviseNotHeld(report)];
}

/** Rolled back by a later rollout: what counts is which customers that one could not restore. */
function adviseRolledBackBy(report: Report, by: NonNullable<Report["rolledBackBy"]>): readonly Advice[] {
  if (isUnderWay(by)) {
    const send = { command: "status", rolloutId: by.rolloutId };
    return [{ say: `Rollout ${by.rolloutId} rolls it back now. For its progress:`, send }];
  }
  if ((report.rollback?.failed ?? 0) > 0) return adviseRolledBack(report);
  return report.held === undefined ? [] : adviseHeld(report);
}

function adviseHeld(report: Report): readonly Advice[] {
  const { release, held } = report;
  if (release === undefined) return [];
  if (held === false) return adviseNotHeld(report);
  const send = toCommand("clear-release", { release });
  return [{ say: "The release is held: events that stage or promote it are refused. To allow them again:", send }];
}

/** As long as the release is not held, a schedule may start it again. */
function adviseNotHeld({ release, held, notHeld }: Report): readonly Advice[] {
  if (release === undefined || held !== false) return [];
  const send = toCommand("hold-release", { release });
  return [{ say: `The release is NOT held (${notHeld}): any event may start it again. To hold it:`, send }];
}

/** After a rollback the release is held, so a retry would be refused. */
function adviseStopped(report: Report, event: DeployEvent | undefined): readonly Advice[] {
  if (report.action === "rollback") {
    const say = "When the cause is fixed, send the rollback again. It continues where it stopped:";
    return [{ say, send: toRollback(report) }, ...adviseNotHeld(report)];
  }
  if (countStanding(report) > 0)
    return report.rollback === undefined
      ? [rollBackSource(report), ...adviseRest(report)]
      : [rollBackSource(report), ...adviseNotHeld(report)];
  // A person who aborts a rollout before its first flip knows what to do.
  if (report.status === "aborted") return [];
  const say = "Fix the cause, then send the deploy event again, with a new id if it has one.";
  return [{ say, send: event && { ...event, id: undefined } }];
}

/** After an approval that was refused, the release is held, so a retry would be refused. */
function adviseRest(report: Report): readonly Advice[] {
  if (report.held !== undefined) return adviseHeld(report);
  return isAllDone(report) ? [] : [goOn(report)];
}

function rollBackSource(report: Report): Advice {
  return {
    say: "To restore every customer that this rollout flipped or may have flipped:",
    send: toRollback(report),
  };
}

function goOn({ rolloutId }: Report): Advice {
  return {
    say: "Or, when the cause is fixed, to continue with the customers that failed or were not attempted:",
    send: { action: "retry", rolloutId },
  };
}

function retry({ rolloutId }: Report): Advice {
  return { say: "To retry only the customers that failed or were deferred:", send: { action: "retry", rolloutId } };
}

/** A rollback cannot itself be rolled back: the advice names what it was about. */
function toRollback({ action, rolloutId, release, of = [] }: Report): Advice["send"] {
  if (action !== "rollback") return { action: "rollback", rolloutId };
  if (of.length === 1) return { action: "rollback", rolloutId: of[0] };
  return release === undefined ? undefined : { action: "rollback", release };
}

function adviseUnderWay(report: Report): readonly Advice[] {
  const { rolloutId, action, progress, dryRun } = report;
  if (progress === undefined || dryRun) return [];
  const { phase, heldBy, noted } = progress;
  const isPaused = [...heldBy, ...noted].some(
    (each) => each.code === "paused" || (each.code === "command-noted" && each.command === "pause"),
  );
  const flips = action !== "rollback" && phase !== "waiting" && phase !== "rolling back";
  const stop = flips ? "To stop it and restore every customer that it flipped:" : "To stop it:";
  return [
    ...adviseApproval(report),
    ...(isPaused ? [{ say: "To end the pause:", send: toCommand("resume", { rolloutId }) }] : []),
    ...(phase === "ending" ? [] : [{ say: stop, send: toCommand("abort", { rolloutId }) }]),
  ];
}

/** How to answer a rollout that waits for an approval; undefined when it does not wait, or has its answer. */
export function findQuestion({ rolloutId = "", plan, progress }: Partial<Report>) {
  const { phase, wave, noted = [] } = progress ?? {};
  const answersIt = (each: Explained) =>
    each.code === "command-noted" && (each.command === "approve" || each.command === "reject") && each.wave === wave;
  if (phase !== "waiting for approval" || plan === undefined || wave === undefined || noted.some(answersIt))
    return undefined;
  return { rolloutId, plan: toShortHash(plan.hash), wave };
}

/** How to say yes or no to a wave that waits for an approval. */
export function adviseApproval(report: Partial<Report>): readonly Advice[] {
  const question = findQuestion(report);
  if (question === undefined) return [];
  const refuse = "To refuse it, which ends the rollout as a failed gate does and holds the release:";
  return [
    { say: `To let wave ${question.wave} begin:`, send: toCommand("approve", { ...question }) },
    { say: refuse, send: toCommand("reject", { ...question }) },
  ];
}

/** The id of a dry run is used up. */
function advisePlanned({ status, plan }: Report): readonly Advice[] {
  if (status !== "planned") return [];
  const add = { dryRun: false, id: undefined };
  if (plan === undefined) return [{ say: "To do what was planned:", add }];
  return [{ say: "To run exactly this plan, and no other:", add: { ...add, plan: toShortHash(plan.hash) } }];
}
