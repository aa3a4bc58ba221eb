import type { FlipEvent } from "../events/deploy-event.ts";
import { type Counts, NO_COUNTS, type Outcome } from "./outcome.ts";
import type { Plan } from "./plan.ts";

/**
 * How a rollout stands: `succeeded` (everybody is where the event wants them, or skipped by rule), `partial` (it ended,
 * but some customers failed within the budget), `failed` (it was stopped), `refused` (nothing was flipped),
 * `planned` (a dry run), `running`.
 */
export type RolloutStatus = "running" | "succeeded" | "partial" | "failed" | "refused" | "planned";

/** What a person or a machine reads afterwards. Times are ISO 8601, durations milliseconds. */
export interface Report {
  readonly rolloutId: string;
  readonly action: FlipEvent["action"];
  readonly release: string;
  readonly status: RolloutStatus;
  readonly dryRun: boolean;
  /** Why it failed or was refused, and what to do. */
  readonly problem?: string | undefined;
  /** True when an earlier sending of the same event had started this rollout. */
  readonly joined?: boolean | undefined;
  readonly counts: Counts;
  readonly plan?: Plan | undefined;
  /** Customers that were to be flipped and were found moved already: by somebody else, or along with their parent. */
  readonly movedMeanwhile?: number | undefined;
  /** The first 100 customers that are neither flipped nor unchanged; the ledger has all. */
  readonly exceptions: readonly Outcome[];
  readonly moreExceptions: number;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  readonly durationMs: number;
  readonly requestedBy?: string | undefined;
  readonly reason?: string | undefined;
}

export const MOST_EXCEPTIONS = 100;

/** Whether an outcome belongs among a report's exceptions. */
export function isException({ outcome }: Pick<Outcome, "outcome">): boolean {
  return outcome !== "flipped" && outcome !== "unchanged";
}

export interface Ending {
  readonly plan?: Plan | undefined;
  /** Whether flips had begun, so that a problem is a failure and not a refusal. */
  readonly flipping: boolean;
  readonly problem?: string | undefined;
  /** Counts of the batches; the plan's own unchanged and skipped come on top. */
  readonly counts: Counts;
  readonly exceptions: readonly Outcome[];
}

export interface Beginning {
  readonly rolloutId: string;
  readonly event: FlipEvent;
}

export type Times = Pick<Report, "startedAt" | "endedAt" | "durationMs">;

/** Sums up a rollout that has ended. */
export function writeReport({ event, rolloutId }: Beginning, ending: Ending, times: Times): Report {
  const counts = withPlanned(ending);
  const exceptions = ending.exceptions.slice(0, MOST_EXCEPTIONS);
  const exceptional = ending.flipping ? counts.deferred + counts.skipped + counts.failed : (ending.plan?.skipped ?? 0);
  return {
    rolloutId,
    action: event.action,
    release: event.release,
    status: toStatus(event, ending, counts),
    dryRun: event.dryRun,
    problem: ending.problem,
    counts,
    plan: ending.plan,
    movedMeanwhile: ending.counts.unchanged || undefined,
    exceptions,
    moreExceptions: Math.max(0, exceptional - exceptions.length),
    ...times,
    requestedBy: event.requestedBy,
    reason: event.reason,
  };
}

function withPlanned({ plan, counts, flipping }: Ending): Counts {
  if (plan === undefined || !flipping) return NO_COUNTS;
  return { ...counts, unchanged: counts.unchanged + plan.unchanged, skipped: counts.skipped + plan.skipped };
}

function toStatus(event: FlipEvent, { flipping, problem }: Ending, counts: Counts): RolloutStatus {
  if (problem !== undefined) return flipping ? "failed" : "refused";
  if (event.dryRun) return "planned";
  return counts.failed > 0 || counts.deferred > 0 ? "partial" : "succeeded";
}
