import type { RolloutEvent } from "../core/report/rollout-event.ts";
import { createMetricWriter } from "./metric-writer.ts";

/** The metrics of a running rollout; `worker-metrics.ts` has the metrics of its end. */
export type RolloutEventMetric =
  | "RolloutStarted"
  | (typeof GATES)[keyof typeof GATES]
  | (typeof RESTORES)[keyof typeof RESTORES]
  | "NotificationFailed";

export const GATES = { proceed: "GateProceeded", "roll back": "GateRolledBack", halt: "GateHalted" } as const;
/** Metrics of a rollback's customers. */
export const RESTORES = { restored: "Restored", conflicting: "Conflicting", failed: "NotRestored" } as const;

export function createRolloutEventMetrics() {
  const write = createMetricWriter<RolloutEventMetric>();
  return {
    countEvent: (change: RolloutEvent): void => write(toCounted(change)),
    countNotificationFailed: (): void => write([["NotificationFailed", 1]]),
  };
}

type Counted = readonly [RolloutEventMetric, number];

function toCounted(change: RolloutEvent): readonly Counted[] {
  switch (change.change) {
    case "started":
      return [["RolloutStarted", 1]];
    case "gate decided":
      return [[GATES[change.decision], 1]];
    case "rolled back":
      return (["restored", "conflicting", "failed"] as const).flatMap((what): readonly Counted[] =>
        change.rollback[what] > 0 ? [[RESTORES[what], change.rollback[what]]] : [],
      );
    case "wave done":
    case "ended":
      return [];
  }
}
