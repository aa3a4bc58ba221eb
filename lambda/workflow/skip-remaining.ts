import { afterFailure, type FlipProgress, skipRemainingPart } from "../steps/flip/flip-part.ts";
import type { Ready } from "./prepare-rollout.ts";

/** Gives everybody who was not attempted an outcome, so that nobody is without one. */
export function skipRemaining({ ports, durable, rollout, plan }: Ready, progress: FlipProgress): Promise<FlipProgress> {
  if (progress.batch >= plan.batches) return Promise.resolve(progress);
  return durable.runParts({
    name: "skip-remaining-part",
    start: { ...progress, done: false, idleParts: 0 },
    part: (run, from) => skipRemainingPart(ports, rollout, run, { plan, from, to: plan.batches }),
    afterFailure,
  });
}
