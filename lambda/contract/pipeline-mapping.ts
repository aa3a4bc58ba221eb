import * as z from "zod";
import { DeployEventTemplate } from "./deploy-event-template.ts";
import { findUnknownNames, type Names } from "./find-unknown-names.ts";
import type { Problem } from "./problems.ts";
import { textMatching } from "./text-matching.ts";

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

export function findUnknownNamesOfPipelines(mappings: PipelineMappings, names: Names): readonly Problem[] {
  return Object.entries(mappings).flatMap(([name, template]) => findUnknownNames(template, names, ["pipelines", name]));
}
