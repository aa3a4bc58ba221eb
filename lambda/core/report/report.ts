import type { DeployEvent } from "../../contract/deploy-event.ts";
import { type Counts, NO_COUNTS, type Outcome, type OutcomeKind } from "../flip/outcome.ts";
import type { Decision, Stop } from "../gate/decision.ts";
import type { Plan } from "../plan/plan.ts";
import { type Explained, explain, type Reason } from "../reasons.ts";
import type { Held, RollbackCounts } from "../rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../rollback/source-rollouts.ts";
import { MOST_EXCEPTIONS, type SkippedBy } from "./outcome-summary.ts";
import type { RolloutProgress } from "./rollout-progress.ts";
import type { RolloutStatus } from "./rollout-status.ts";

/** Whether the event was carried out: for a rollback, whether it could restore every customer. */
export function hasSucceeded({ action, status, rollback }: Partial<Report>): boolean {
  if (status === "rolled-back") return action === "rollback" && rollback?.failed === 0;
  return status === "succeeded" || status === "planned";
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
}

/** A customer that is not where it was to be. The last two outcomes are those of a rollback. */
export interface Exception {
  readonly customerId: string;
  readonly name: string;
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
  /** How many customers were skipped for each reason: by the plan and later. */
  readonly skippedBy?: readonly SkippedBy[] | undefined;
  /** What the gates decided, wave by wave. */
  readonly waves?: readonly (WaveResult & { readonly reasons: readonly Explained[] })[] | undefined;
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
  /** Alarms that were in ALARM before the first flip, and were overridden by the event. */
  readonly overridden?: readonly string[] | undefined;
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
  readonly requestedBy?: string | undefined;
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

export interface Ending {
  readonly plan?: Plan | undefined;
  /** Whether flips had begun, so that a problem is a failure and not a refusal. */
  readonly flipping: boolean;
  /** What stopped it without a decision: a ledger that cannot be written, an API that does not answer. */
  readonly problem?: readonly Reason[] | undefined;
  /** What a gate or a command decided. */
  readonly stop?: Stop | undefined;
  /** Counts of the batches; the plan's own unchanged and skipped come on top. */
  readonly counts: Counts;
  readonly waves?: readonly WaveResult[] | undefined;
  readonly rollback?: RollbackCounts | undefined;
  readonly hold?: Held | undefined;
  /** What a person stopped the rollback with. */
  readonly rollbackStop?: Stop | undefined;
  readonly overridden?: readonly string[] | undefined;
  readonly skippedBy: readonly SkippedBy[];
  readonly exceptions: readonly Exception[];
}

export interface Beginning {
  readonly rolloutId: string;
  readonly event: DeployEvent;
  /** Of a rollback or a retry. */
  readonly source?: SourceRollouts | undefined;
}

export type Times = Pick<Report, "startedAt" | "endedAt" | "durationMs">;

/** The action that was asked for: a retry does what its source rollout did. */
export function actionOf({ event, source }: Pick<Beginning, "event" | "source">): DeployEvent["action"] {
  return event.action === "rollback" || source === undefined ? event.action : "retry";
}

/** The release that a rollout is about; undefined for one that names another rollout which is not known. */
export function releaseOf({ event, source }: Pick<Beginning, "event" | "source">): string | undefined {
  return source?.release ?? ("release" in event ? event.release : undefined);
}

/** Sums up a rollout that has ended. */
export function writeReport({ event, rolloutId, source }: Beginning, ending: Ending, times: Times): Report {
  const counts = withPlanned(ending);
  const namedSkipped = countNamedSkipped(ending);
  const { skippedBy } = ending;
  const exceptions = ending.exceptions.slice(0, MOST_EXCEPTIONS);
  return {
    rolloutId,
    action: actionOf({ event, source }),
    release: releaseOf({ event, source }),
    status: toStatus(event, ending, countNotFlipped({ counts, namedSkipped })),
    dryRun: event.dryRun,
    problems: toProblems(ending),
    counts,
    namedSkipped: namedSkipped || undefined,
    plan: ending.plan,
    skippedBy: skippedBy.length > 0 ? skippedBy : undefined,
    waves: ending.waves?.map((wave) => ({ ...wave, reasons: wave.reasons.map(explain) })),
    rollback: ending.rollback,
    held: ending.hold?.held,
    notHeld: ending.hold?.notHeld,
    of: source?.rollouts.map((one) => one.rolloutId),
    overridden: ending.overridden?.length ? ending.overridden : undefined,
    movedMeanwhile: ending.counts.unchanged || undefined,
    exceptions,
    moreExceptions: Math.max(0, countExceptions(ending, counts) - exceptions.length),
    ...times,
    requestedBy: event.requestedBy,
    reason: event.reason,
  };
}

function withPlanned({ plan, counts, flipping }: Ending): Counts {
  if (plan === undefined || !flipping) return NO_COUNTS;
  return { ...counts, unchanged: counts.unchanged + plan.unchanged, skipped: counts.skipped + plan.skipped };
}

/** A customer that was not restored is an exception too: for a rollback the only kind. */
function countExceptions({ flipping, plan, rollback }: Ending, counts: Counts): number {
  const notRestored = (rollback?.failed ?? 0) + (rollback?.conflicting ?? 0);
  return notRestored + (flipping ? counts.deferred + counts.skipped + counts.failed : (plan?.skipped ?? 0));
}

function toProblems({ problem = [], stop, rollbackStop }: Ending): Report["problems"] {
  const broke: readonly Reason[] =
    rollbackStop === undefined ? [] : [{ code: "rollback-ended-early", why: rollbackStop.reasons }];
  const problems = [...(stop?.reasons ?? []), ...problem, ...broke];
  return problems.length === 0 ? undefined : problems.map(explain);
}

/**
 * The event asks for each customer that it names. Which customers were skipped after the plan is not looked up: if the
 * event names any customer, each skipped customer counts.
 */
function countNamedSkipped({ plan, counts, flipping }: Ending): number {
  const { named } = plan ?? {};
  return named === undefined || !flipping
    ? 0
    : named.skipped + Math.min(counts.skipped, named.customers - named.skipped);
}

/** Customers that a rollout was to flip, or that its event names, and that it did not flip. */
export function countNotFlipped({ counts, namedSkipped = 0 }: Pick<Report, "counts" | "namedSkipped">): number {
  return counts.failed + counts.deferred + namedSkipped;
}

function toStatus(event: DeployEvent, ending: Ending, notFlipped: number): RolloutStatus {
  const { flipping, problem, stop, rollback } = ending;
  if (!flipping && rollback === undefined && (problem ?? stop) !== undefined) {
    return stop?.cause === "abort" ? "aborted" : "refused";
  }
  if (problem !== undefined) return "failed";
  if (event.dryRun) return "planned";
  if (ending.rollbackStop !== undefined) return "aborted";
  if (rollback !== undefined) return "rolled-back";
  if (stop !== undefined) return stop.cause === "abort" ? "aborted" : "halted";
  return notFlipped > 0 ? "partial" : "succeeded";
}
