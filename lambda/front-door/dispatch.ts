import { rightsFor } from "../contract/rights.ts";
import type { Via } from "../contract/via.ts";
import type { PipelineStateChange } from "../triggers/event-bridge.ts";
import { mapPipelineState } from "../triggers/map-pipeline-state.ts";
import { parseTrigger } from "../triggers/parse-trigger.ts";
import { answerCommand, type CommandAnswer } from "./answer-command.ts";
import { answerPipelineJob, type PipelineAnswer } from "./answer-pipeline-job.ts";
import { answerWidget } from "./answer-widget.ts";
import { checkRight } from "./check-right.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { type Started, startRollout } from "./start-rollout.ts";

/** What the front door answers; a widget gets HTML. A refusal is thrown. */
export type FrontDoorAnswer = Started | CommandAnswer | PipelineAnswer | Ignored | string;

interface Ignored {
  readonly status: "ignored";
  readonly reason: string;
}

/** The whole front door: recognises an input, checks it and the caller's right, and answers. @throws RefusedError */
export async function dispatch(ports: FrontDoorPorts, input: unknown, invokedArn: string): Promise<FrontDoorAnswer> {
  const arrival = parseTrigger(input);
  const check = (request: object) => checkRight(invokedArn, ...rightsFor(request));
  switch (arrival.kind) {
    case "deploy event":
      return startRollout(ports, arrival.input, check(arrival.input));
    case "command":
      return answerCommand(ports, arrival.command, check(arrival.command));
    case "widget":
      return answerWidget(ports, arrival.call, invokedArn);
    case "pipeline job":
      // Before the job is answered: also a refusal is an answer.
      checkRight(invokedArn, "start", "override", "read");
      return answerPipelineJob(ports, arrival.job, check);
    case "pipeline state change":
      return answerPipelineState(ports, arrival.change, check(arrival.change));
  }
}

/** A pipeline's state starts a rollout only by a mapping of the policy. */
async function answerPipelineState(
  ports: FrontDoorPorts,
  change: PipelineStateChange,
  via: Via,
): Promise<Started | Ignored> {
  const input = mapPipelineState(change, ports.policy.pipelines ?? {});
  if (input !== undefined) return startRollout(ports, input, via);
  const { level, pipeline, state, executionId } = change;
  ports.log.info("pipeline state change ignored", { level, pipeline, state, executionId });
  return { status: "ignored", reason: "no mapping of the policy names this state of this pipeline" };
}
