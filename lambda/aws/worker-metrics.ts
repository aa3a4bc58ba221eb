import { OUTCOMES, type OutcomeKind } from "../core/flip/outcome.ts";
import type { Report } from "../core/report/report.ts";
import type { RolloutStatus } from "../core/report/rollout-status.ts";
import { createMetricWriter } from "./metric-writer.ts";

/** Metrics of the ends of rollouts and of their customers' outcomes. */
export type WorkerMetric =
  | "RolloutSucceeded"
  | "RolloutPartial"
  | "RolloutRolledBack"
  | "RolloutHalted"
  | "RolloutAborted"
  | "RolloutFailed"
  | "RolloutRefused"
  | "SignInRefused"
  | Capitalize<OutcomeKind>;

const METRICS_BY_STATUS: Readonly<Record<RolloutStatus, WorkerMetric | undefined>> = {
  running: undefined,
  waiting: undefined,
  planned: undefined,
  succeeded: "RolloutSucceeded",
  partial: "RolloutPartial",
  "rolled-back": "RolloutRolledBack",
  halted: "RolloutHalted",
  aborted: "RolloutAborted",
  failed: "RolloutFailed",
  refused: "RolloutRefused",
};

export function createWorkerMetrics() {
  const write = createMetricWriter<WorkerMetric>();
  return {
    countSignInRefused(): void {
      write([["SignInRefused", 1]]);
    },
    /**
     * Counts a rollout that has ended. A joined rollout counts itself. A dry run is not counted, because no person needs
     * to act on it.
     */
    countRollout({ status, joined, dryRun, counts }: Pick<Report, "status" | "joined" | "dryRun" | "counts">): void {
      const ended = METRICS_BY_STATUS[status];
      if (ended === undefined || joined || dryRun) return;
      const outcomes = OUTCOMES.filter((kind) => counts[kind] > 0);
      write([[ended, 1], ...outcomes.map((kind) => [toMetric(kind), counts[kind]] as const)]);
    },
  };
}

/** `flipped` → `Flipped` */
function toMetric(kind: OutcomeKind): WorkerMetric {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}` as Capitalize<OutcomeKind>;
}
