import type { Change } from "../rollout/change.ts";
import { createMetricWriter } from "./metric-writer.ts";

/** What is counted while a rollout goes on; how it ends is counted when it has ended. */
export type ChangeMetric =
  | "RolloutStarted"
  | (typeof GATES)[keyof typeof GATES]
  | (typeof REVERTS)[keyof typeof REVERTS]
  | "TellFailed";

/** Gates by their decision. */
export const GATES = { proceed: "GateProceeded", "roll back": "GateRolledBack", halt: "GateHalted" } as const;
/** Customers who were to be turned back, by what became of them. */
export const REVERTS = { flippedBack: "FlippedBack", leftAlone: "LeftAlone", left: "NotFlippedBack" } as const;

/** Writes into the log what changes come to, from where CloudWatch takes it, under the name of the deployment. */
export function createChangeMetrics() {
  const write = createMetricWriter<ChangeMetric>();
  return {
    countChange: (change: Change): void => write(toCounted(change)),
    countTellFailed: (): void => write([["TellFailed", 1]]),
  };
}

type Counted = readonly [ChangeMetric, number];

function toCounted(change: Change): readonly Counted[] {
  switch (change.change) {
    case "started":
      return [["RolloutStarted", 1]];
    case "gate decided":
      return [[GATES[change.decision], 1]];
    case "rolled back":
      return (["flippedBack", "leftAlone", "left"] as const).flatMap((what): readonly Counted[] =>
        change.reverted[what] > 0 ? [[REVERTS[what], change.reverted[what]]] : [],
      );
    case "wave done":
    case "ended":
      return [];
  }
}
