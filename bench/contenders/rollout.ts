import { buildLocalWorker, runRollout } from "../support/worker.ts";
import { contend } from "./contest.ts";

/** A rollout of all customers by the shipped handler, from the event to the report. */
contend(async ({ emulator, concurrency }) => {
  const handler = buildLocalWorker(emulator, concurrency);
  return async (isStaging) => {
    const { report, steps } = await runRollout(handler, { action: isStaging ? "stage" : "promote" });
    const parts = steps.filter(({ name }) => name.startsWith("flip-"));
    const partMs = parts.reduce((sum, { startedMs, endedMs }) => sum + endedMs - startedMs, 0);
    return { flips: report.counts.flipped, partSeconds: partMs / 1000 };
  };
});
