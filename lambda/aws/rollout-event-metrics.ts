import type { RolloutEvent } from "../core/report/rollout-event.ts";
import { createMetricWriter } from "./metric-writer.ts";

/** What is counted while a rollout goes on; how it ends is counted when it has ended. */
export type RolloutEventMetric =
  | "RolloutStarted"
  | (typeof GATES)[keyof typeof GATES]
  | (typeof RESTORES)[keyof typeof RESTORES]
  | "NotificationFailed";

/** Gates by their decision. */
export const GATES = { proceed: "GateProceeded", "roll back": "GateRolledBack", halt: "GateHalted" } as const;
/** Customers who were to be turned back, by what became of them. */
export const RESTORES = { restored: "Restored", conflicting: "Conflicting", left: "NotRestored" } as const;

/** Writes into the log what changes come to, from where CloudWatch takes it, under the name of the deployment. */
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
      return (["restored", "conflicting", "left"] as const).flatMap((what): readonly Counted[] =>
        change.rollback[what] > 0 ? [[RESTORES[what], change.rollback[what]]] : [],
      );
    case "wave done":
    case "ended":
      return [];
  }
}
