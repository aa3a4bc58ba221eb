import type { PlannedWave } from "../rollout/plan.ts";
import type { RolloutRecord } from "../rollout/records.ts";
import type { RolloutProgress } from "../rollout/rollout-progress.ts";

/** The phase and the wave of a rollout that is under way, from the last change that it published. */
export function findPhase({
  status,
  event,
  plan,
  lastChange,
}: Pick<RolloutRecord, "status" | "event" | "plan" | "lastChange">): Pick<RolloutProgress, "phase" | "wave"> {
  if (status === "waiting") return { phase: "waiting" };
  if (event.action === "rollback") return { phase: lastChange?.change === "rolled back" ? "ending" : "rolling back" };
  const waves = plan?.waves ?? [];
  switch (lastChange?.change) {
    case undefined:
      return { phase: "preparing" };
    case "started":
      return flipFrom(waves, 1);
    case "wave done":
      return { phase: "baking", wave: lastChange.wave };
    case "gate decided":
      if (lastChange.decision === "proceed") return flipFrom(waves, lastChange.wave + 1);
      return { phase: lastChange.decision === "roll back" ? "rolling back" : "ending", wave: lastChange.wave };
    case "rolled back":
    case "ended":
      return { phase: "ending" };
  }
}

/** A rollout passes over waves without customers. */
function flipFrom(waves: readonly PlannedWave[], from: number): Pick<RolloutProgress, "phase" | "wave"> {
  const next = waves.find(({ wave, customers }) => wave >= from && customers > 0);
  return next === undefined ? { phase: "ending" } : { phase: "flipping", wave: next.wave };
}
