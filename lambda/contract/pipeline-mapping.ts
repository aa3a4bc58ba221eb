import * as z from "zod";
import type { PipelineStateChange } from "../triggers/event-bridge.ts";
import { findUnknownNamesOfOrder, WebhookOrder } from "./deploy-event-template.ts";
import type { Problem } from "./problems.ts";
import type { Names } from "./strategy.ts";

const PIPELINE = "expected a pipeline's name: 1 to 100 letters, digits and . @ - _";
const FROM = 'expected "executionId", the id of the pipeline\'s execution';

/** What the success of a pipeline means, by the pipeline's name. A state that is not success never means anything. */
export const PipelineMappings = z.record(
  z.string({ error: PIPELINE }).regex(/^[\w.@-]{1,100}$/, PIPELINE),
  WebhookOrder(z.enum(["executionId"], { error: FROM })).meta({
    id: "pipelineOrder",
    title: "what a pipeline's success starts",
  }),
  { error: "expected an object of deploy events by the pipelines' names" },
);
export type PipelineMappings = z.output<typeof PipelineMappings>;

export function findUnknownNamesOfPipelines(mappings: PipelineMappings, names: Names): readonly Problem[] {
  return Object.entries(mappings).flatMap(([name, order]) =>
    findUnknownNamesOfOrder(order, names, ["pipelines", name]),
  );
}

/**
 * The deploy event that the end of a pipeline's execution means, unchecked; undefined when no mapping names it. One
 * execution is one rollout, however often CodePipeline tells of it.
 */
export function fromPipelineStateChange(
  { level, pipeline, state, executionId, happenedAtMs }: PipelineStateChange,
  mappings: PipelineMappings,
): Readonly<Record<string, unknown>> | undefined {
  if (level !== "pipeline" || state !== "SUCCEEDED" || !Object.hasOwn(mappings, pipeline)) return undefined;
  const { release, notAfterMinutes, ...order } = mappings[pipeline] as PipelineMappings[string];
  return {
    ...order,
    release: "name" in release ? release.name : executionId,
    notAfter: new Date(happenedAtMs + notAfterMinutes * 60_000).toISOString(),
    requestedBy: `pipeline ${pipeline}`,
    id: `pipeline-${executionId}`,
  };
}
