import { OUTCOMES, type OutcomeKind } from "../core/flip/outcome.ts";
import type { Report } from "../core/report/report.ts";
import type { RolloutEvent } from "../core/report/rollout-event.ts";
import type { RolloutStatus } from "../core/report/rollout-status.ts";
import { createMetricWriter } from "./metric-writer.ts";

/** Metrics of a rollout's way, of its end and of its customers' outcomes. */
export type WorkerMetric =
  | "RolloutStarted"
  | (typeof GATES)[keyof typeof GATES]
  | (typeof RESTORES)[keyof typeof RESTORES]
  | "NotificationFailed"
  | "RolloutSucceeded"
  | "RolloutPartial"
  | "RolloutRolledBack"
  | "RolloutHalted"
  | "RolloutAborted"
  | "RolloutFailed"
  | "RolloutRefused"
  | "SignInRefused"
  | Capitalize<OutcomeKind>;

export const GATES = { proceed: "GateProceeded", "roll back": "GateRolledBack", halt: "GateHalted" } as const;
/** Metrics of a rollback's customers. */
export const RESTORES = { restored: "Restored", conflicting: "Conflicting", failed: "NotRestored" } as const;

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
    countSignInRefused: (): void => write([["SignInRefused", 1]]),
    countNotificationFailed: (): void => write([["NotificationFailed", 1]]),
    countEvent: (change: RolloutEvent): void => write(toCounts(change)),
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

type Count = readonly [WorkerMetric, number];

/** The end of a rollout is counted from its report. */
function toCounts(change: RolloutEvent): readonly Count[] {
  switch (change.change) {
    case "started":
      return [["RolloutStarted", 1]];
    case "gate decided":
      return [[GATES[change.decision], 1]];
    case "rolled back":
      return (["restored", "conflicting", "failed"] as const).flatMap((what): readonly Count[] =>
        change.rollback[what] > 0 ? [[RESTORES[what], change.rollback[what]]] : [],
      );
    case "approval asked":
    case "approved":
    case "wave done":
    case "ended":
      return [];
  }
}

/** `flipped` → `Flipped` */
function toMetric(kind: OutcomeKind): WorkerMetric {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}` as Capitalize<OutcomeKind>;
}
