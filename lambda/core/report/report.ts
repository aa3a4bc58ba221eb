import type { DeployEvent } from "../../contract/deploy-event.ts";
import type { Via } from "../../contract/via.ts";
import { type Counts, NO_COUNTS, type Outcome, type OutcomeKind } from "../flip/outcome.ts";
import type { Decision, Stop } from "../gate/decision.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlannedCustomer } from "../plan/planned-customer.ts";
import { type Explained, explain, type Reason } from "../reasons.ts";
import type { Held, RollbackCounts } from "../rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../rollback/source-rollouts.ts";
import { MOST_EXCEPTIONS, type OutcomeSummary, type ReasonCount } from "./outcome-summary.ts";
import type { RolloutProgress } from "./rollout-progress.ts";
import { isUnderWay, type RolloutStatus } from "./rollout-status.ts";

/** Whether the event was carried out: for a rollback, whether it could restore every customer. */
export function hasSucceeded({ action, status, rollback }: Partial<Report>): boolean {
  if (status === "rolled-back") return action === "rollback" && rollback?.failed === 0;
  return status === "succeeded" || status === "planned";
}

/** Whether it runs, or a rollback of it: a customer that the rollback has not come to counts as failed. */
export function isUnfinished({ status = "failed", rolledBackBy }: Partial<Report>): boolean {
  return isUnderWay({ status, ...rolledBackBy });
}

/** The result of one wave. */
export interface WaveResult {
  /** From 1. */
  readonly wave: number;
  readonly customers: number;
  readonly bakeSeconds: number;
  /** Absent for a wave without customers. */
  readonly decision?: Decision["decision"] | undefined;
  readonly reasons: readonly Reason[];
  /** Who approved the wave, when and why; absent for a wave without an approval. */
  readonly approval?: Reason | undefined;
}

type ExplainedResult = WaveResult & {
  readonly reasons: readonly Explained[];
  readonly approval?: Explained | undefined;
};

/** A customer that the plan flips. */
export interface PlannedFlip extends PlannedCustomer {
  /** From 1. */
  readonly wave: number;
}

/** A customer that is not where it was to be. The last two outcomes are those of a rollback. */
export interface Exception {
  readonly customerId: string;
  readonly name: string;
  readonly referenceId?: string | undefined;
  readonly outcome: OutcomeKind | "conflicting" | "not-restored";
  readonly reason: Explained;
}

/** What a person or a machine reads afterwards. Times are ISO 8601, durations milliseconds. */
export interface Report {
  readonly rolloutId: string;
  readonly action: DeployEvent["action"];
  /** Absent only in the refusal of a rollback or a retry whose rollout is not known. */
  readonly release?: string | undefined;
  readonly status: RolloutStatus;
  readonly dryRun: boolean;
  /** Why it stopped, failed or was refused, and what to do. */
  readonly problems?: readonly Explained[] | undefined;
  /** True when the same event was sent before and had started this rollout. */
  readonly joined?: boolean | undefined;
  readonly counts: Counts;
  /** How many customers were skipped that the event names by id or reference id; absent for none. */
  readonly namedSkipped?: number | undefined;
  readonly plan?: Plan | undefined;
  /** In the answer to `status`, for a dry run: the first 50 customers that it would flip, wave by wave. */
  readonly firstFlips?: readonly PlannedFlip[] | undefined;
  /** How many customers were skipped for each reason: by the plan and later. */
  readonly skippedBy?: readonly ReasonCount[] | undefined;
  /** How many customers failed for each reason. */
  readonly failedBy?: readonly ReasonCount[] | undefined;
  /** What the gates decided, wave by wave. */
  readonly waves?: readonly ExplainedResult[] | undefined;
  /** Of a rollout that was rolled back, and of a rollback. */
  readonly rollback?: RollbackCounts | undefined;
  /** In the answer to `status`: the other rollout that rolled it back last, or does so now. */
  readonly rolledBackBy?: { readonly rolloutId: string; readonly status: RolloutStatus } | undefined;
  /** Of the same: whether the release is held now. */
  readonly held?: boolean | undefined;
  /** Why it is not held, and what to do about it. */
  readonly notHeld?: string | undefined;
  /** The rollouts that a rollback or a retry is about, the newest first. */
  readonly of?: readonly string[] | undefined;
  /** Why the event overrides alarms and freezes, and which of them before the first flip. */
  readonly override?: Override | undefined;
  /** In the answer to `status`, for a rollout that is under way: its progress. */
  readonly progress?: RolloutProgress | undefined;
  /** Customers of the plan that had the wanted flag already when the rollout came to them. */
  readonly movedMeanwhile?: number | undefined;
  /** The first 100 customers that are neither flipped nor unchanged; the ledger has all. */
  readonly exceptions: readonly Exception[];
  readonly moreExceptions: number;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  readonly durationMs: number;
  /** What the sender says; with an identity in `via`, what the signature proves. */
  readonly requestedBy?: string | undefined;
  /** How the event came in, as Cutover saw it. */
  readonly via?: Via | undefined;
  readonly reason?: string | undefined;
}

export function toException(outcome: Outcome): Exception {
  return { ...outcome, reason: explain(outcome.reason) };
}

/** Of a customer that a rollback did not restore. */
export function toRollbackException(outcome: Outcome): Exception {
  return { ...toException(outcome), outcome: outcome.outcome === "failed" ? "not-restored" : "conflicting" };
}

/** Why a rollout stopped, failed or was refused, as one text. */
export function describeProblems({ problems }: Pick<Report, "problems">): string | undefined {
  return problems?.map(({ message }) => message).join("; ");
}

/** How a rollout ended. */
export interface Ended {
  readonly plan?: Plan | undefined;
  /** Counts of the batches after the flips; undefined when no flip was begun. */
  readonly counts?: Counts | undefined;
  readonly waves?: readonly WaveResult[] | undefined;
  /** What a gate or a command decided. */
  readonly stop?: Stop | undefined;
  /** The fault that stopped it: a ledger that cannot be written, an API that does not answer. */
  readonly problem?: readonly Reason[] | undefined;
  /** Why the customers could not be listed once more at the end. */
  readonly notListed?: readonly Reason[] | undefined;
  readonly rollback?: RollbackResult | undefined;
  readonly overridden?: Overridden | undefined;
}

/** Before the first flip: the alarms that were in `ALARM`, and the names of the freezes that applied. */
export interface Overridden {
  readonly alarms: readonly string[];
  readonly freezes: readonly string[];
}

export interface Override extends Overridden {
  readonly reason: string;
}

/** How a rollback ended. */
export interface RollbackResult {
  readonly counts: RollbackCounts;
  /** The fault that ended the rollback early. */
  readonly problem?: readonly Reason[] | undefined;
  /** The command that ended the rollback early. */
  readonly stop?: Stop | undefined;
  /** Whether the release is held; absent for a dry run. */
  readonly hold?: Held | undefined;
}

export interface Beginning {
  readonly rolloutId: string;
  readonly event: DeployEvent;
  readonly via?: Via | undefined;
  /** Of a rollback or a retry. */
  readonly source?: SourceRollouts | undefined;
}

/** What the ledger says at the end, and the times. */
export type Closing = Pick<
  Report,
  "startedAt" | "endedAt" | "durationMs" | "exceptions" | "counts" | "held" | "notHeld"
> &
  Pick<OutcomeSummary, "skippedBy" | "failedBy">;

/** The action that was asked for: a retry does what its source rollout did. */
export function actionOf({ event, source }: Pick<Beginning, "event" | "source">): DeployEvent["action"] {
  return event.action === "rollback" || source === undefined ? event.action : "retry";
}

/** The release that a rollout is about; undefined for one that names another rollout which is not known. */
export function releaseOf({ event, source }: Pick<Beginning, "event" | "source">): string | undefined {
  return source?.release ?? ("release" in event ? event.release : undefined);
}

/** Sums up a rollout that has ended. */
export function writeReport({ event, via, rolloutId, source }: Beginning, ended: Ended, closing: Closing): Report {
  const { plan, waves, rollback, overridden } = ended;
  const counts = plan === undefined || ended.counts === undefined ? NO_COUNTS : closing.counts;
  const namedSkipped = countNamedSkipped(ended);
  const exceptions = closing.exceptions.slice(0, MOST_EXCEPTIONS);
  return {
    rolloutId,
    action: actionOf({ event, source }),
    release: releaseOf({ event, source }),
    status: toStatus(event, ended, { isWhole: countNotFlipped({ counts, namedSkipped }) === 0 && !ended.notListed }),
    dryRun: event.dryRun,
    problems: toProblems(ended),
    namedSkipped: namedSkipped || undefined,
    plan,
    waves: waves?.map(explainResult),
    rollback: rollback?.counts,
    ...rollback?.hold,
    of: source?.rollouts.map((one) => one.rolloutId),
    override: toOverride(event, overridden),
    movedMeanwhile: ended.counts?.unchanged || undefined,
    ...closing,
    counts,
    exceptions,
    moreExceptions: Math.max(0, countExceptions(ended, counts) - exceptions.length),
    requestedBy: event.requestedBy,
    via,
    reason: event.reason,
  };
}

function explainResult({ approval, ...result }: WaveResult): ExplainedResult {
  return {
    ...result,
    reasons: result.reasons.map(explain),
    ...(approval !== undefined && { approval: explain(approval) }),
  };
}

export function toOverride(event: DeployEvent, overridden: Overridden | undefined): Override | undefined {
  if (!("override" in event) || event.override === undefined) return undefined;
  return { reason: event.override.reason, alarms: [], freezes: [], ...overridden };
}

/** A customer that was not restored is an exception too: for a rollback the only kind. */
function countExceptions({ counts: flips, plan, rollback }: Ended, counts: Counts): number {
  const { failed = 0, conflicting = 0 } = rollback?.counts ?? {};
  const notFlipped = counts.deferred + counts.skipped + counts.failed;
  return failed + conflicting + (flips === undefined ? (plan?.skipped ?? 0) : notFlipped);
}

function toProblems({ problem = [], stop, notListed = [], rollback }: Ended): Report["problems"] {
  const early: readonly Reason[] =
    rollback?.stop === undefined ? [] : [{ code: "rollback-ended-early", why: rollback.stop.reasons }];
  const problems = [...(stop?.reasons ?? []), ...problem, ...notListed, ...(rollback?.problem ?? []), ...early];
  return problems.length === 0 ? undefined : problems.map(explain);
}

/**
 * The event asks for each customer that it names. Which customers were skipped after the plan is not looked up: if the
 * event names any customer, each skipped customer counts.
 */
function countNamedSkipped({ plan, counts }: Ended): number {
  const named = plan?.named;
  if (named === undefined || counts === undefined) return 0;
  return named.skipped + Math.min(counts.skipped, named.customers - named.skipped);
}

/** Customers that a rollout was to flip, or that its event names, and that it did not flip. */
export function countNotFlipped({ counts, namedSkipped = 0 }: Pick<Report, "counts" | "namedSkipped">): number {
  return counts.failed + counts.deferred + namedSkipped;
}

function toStatus(
  event: DeployEvent,
  { counts, stop, rollback, ...ended }: Ended,
  { isWhole }: { readonly isWhole: boolean },
): RolloutStatus {
  const problem = ended.problem ?? rollback?.problem;
  if (counts === undefined && rollback === undefined && (problem ?? stop) !== undefined)
    return stop?.cause === "abort" ? "aborted" : "refused";
  if (problem !== undefined) return "failed";
  if (event.dryRun) return "planned";
  if (rollback !== undefined) return rollback.stop === undefined ? "rolled-back" : "aborted";
  if (stop !== undefined) return stop.cause === "abort" ? "aborted" : "halted";
  return isWhole ? "succeeded" : "partial";
}
