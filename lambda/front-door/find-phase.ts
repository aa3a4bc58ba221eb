import type { PlannedWave } from "../core/plan/plan.ts";
import type { RolloutProgress } from "../core/report/rollout-progress.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";

/** The phase and the wave of a rollout that is under way, from the last change that it published. */
export function findPhase({
  status,
  event,
  plan,
  lastEvent,
}: Pick<RolloutRecord, "status" | "event" | "plan" | "lastEvent">): Pick<RolloutProgress, "phase" | "wave"> {
  if (status === "waiting") return { phase: "waiting" };
  if (event.action === "rollback") return { phase: lastEvent?.change === "rolled back" ? "ending" : "rolling back" };
  const waves = plan?.waves ?? [];
  switch (lastEvent?.change) {
    case undefined:
      return { phase: "preparing" };
    case "started":
      return flipFrom(waves, 1);
    case "approval asked":
      return { phase: "waiting for approval", wave: lastEvent.wave };
    case "approved":
      return flipFrom(waves, lastEvent.wave);
    case "wave done":
      return { phase: "baking", wave: lastEvent.wave };
    case "gate decided":
      if (lastEvent.decision === "proceed") return flipFrom(waves, lastEvent.wave + 1);
      return { phase: lastEvent.decision === "roll back" ? "rolling back" : "ending", wave: lastEvent.wave };
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
