import { readArrival } from "../events/arrival.ts";
import type { PipelineStateChange } from "../events/event-bridge.ts";
import { answerPipelineJob, type PipelineAnswer } from "./answer-pipeline.ts";
import type { StartPorts } from "./ports.ts";
import { readStatus, type Standing } from "./read-status.ts";
import { type Started, startRollout } from "./start-rollout.ts";

/** What the front door answers; what it refuses, it throws. */
export type Answer = Started | Standing | PipelineAnswer | Ignored;

interface Ignored {
  readonly status: "ignored";
  readonly reason: string;
}

/** The whole front door: whatever arrived is recognised, checked and answered. @throws RefusedError */
export async function answerArrival(ports: StartPorts, input: unknown): Promise<Answer> {
  const arrival = readArrival(input);
  switch (arrival.kind) {
    case "deploy event":
      return startRollout(ports, arrival.input);
    case "command":
      return readStatus(ports, arrival.command);
    case "pipeline job":
      return answerPipelineJob(ports, arrival.job);
    case "pipeline state change":
      return ignore(ports, arrival.change);
  }
}

/** A pipeline's state by itself never means a rollout: only a mapping could say which. */
function ignore({ log }: StartPorts, { pipeline, state, executionId }: PipelineStateChange): Ignored {
  log.info("pipeline state change ignored", { pipeline, state, executionId });
  return { status: "ignored", reason: "this version maps no state of a pipeline to a deploy event" };
}
