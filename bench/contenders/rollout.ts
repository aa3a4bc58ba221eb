import { buildLocalWorker, runRollout } from "../support/worker.ts";
import { contend } from "./contest.ts";

/** A whole rollout by the shipped handler, from the event to the report; always over everybody. */
contend(async ({ emulator, concurrency }) => {
  const handler = buildLocalWorker(emulator, concurrency);
  return async (isStaging) => {
    const { report } = await runRollout(handler, isStaging ? "stage" : "promote");
    return report.counts.flipped;
  };
});
