import * as z from "zod";
import { FlipEvent } from "./deploy-event.ts";
import { wholeNumber } from "./limits.ts";
import { strictObject } from "./problems.ts";
import { textMatching } from "./text-matching.ts";

const ACTION = 'expected "stage" (to the staging servers) or "promote" (to the production servers)';
/** An hour, so that a delivery that is sent again the next day starts nothing. */
const USUAL_MINUTES = 60;
const MOST_MINUTES = 7 * 24 * 60;

/** The deploy event of a delivery or a pipeline. The operator writes it, so a payload cannot choose the action or the targets. */
export function DeployEventTemplate<From extends z.ZodType<string>>(from: From) {
  const { action, targets, exclude, dryRun, release, strategy, onFailure, onBusy, onFreeze } = FlipEvent.shape;
  return strictObject({
    action: z
      .enum(action.options, { error: ACTION })
      .describe("`stage` or `promote`, as in a deploy event; a webhook or a pipeline cannot roll back"),
    targets,
    exclude,
    dryRun,
    strategy,
    onFailure,
    onBusy,
    onFreeze,
    release: z
      .union([strictObject({ from }), strictObject({ name: release })], {
        error: 'expected { "from": where the release\'s name stands in the delivery } or { "name": a fixed name }',
      })
      .describe("where the delivery has the release's name, or a fixed name"),
    notAfterMinutes: wholeNumber(1, MOST_MINUTES)
      .default(USUAL_MINUTES)
      .describe("the rollout begins at most this many minutes after the time of the delivery; a dispatch has no time"),
  }).describe("the deploy event that a delivery starts");
}

export type DeployEventTemplate = z.output<ReturnType<typeof DeployEventTemplate<z.ZodType<string>>>>;

const FROM = 'expected "executionId", the id of the pipeline\'s execution';

/** The deploy events that the success of a pipeline starts, by the pipeline's name. */
export const PipelineMappings = z.record(
  textMatching(/^[\w.@-]{1,100}$/, "expected a pipeline's name: 1 to 100 letters, digits and . @ - _"),
  DeployEventTemplate(z.enum(["executionId"], { error: FROM })).meta({
    id: "pipelineTemplate",
    title: "what a pipeline's success starts",
  }),
  { error: "expected an object of deploy events by the pipelines' names" },
);
export type PipelineMappings = z.output<typeof PipelineMappings>;
