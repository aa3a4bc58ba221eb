import { afterFailure, type FlipProgress, leavePart } from "../steps/flip/flip-part.ts";
import type { Ready } from "./prepare-rollout.ts";

/** Gives everybody who was not attempted an outcome, so that nobody is without one. */
export function leaveRest({ ports, durable, rollout, plan }: Ready, progress: FlipProgress): Promise<FlipProgress> {
  if (progress.batch >= plan.batches) return Promise.resolve(progress);
  return durable.inParts({
    name: "leave-part",
    start: { ...progress, done: false, idleParts: 0 },
    part: (run, from) => leavePart(ports, rollout, run, { plan, from, to: plan.batches }),
    afterFailure,
  });
}
