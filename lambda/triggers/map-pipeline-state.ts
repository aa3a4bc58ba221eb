import type { PipelineMappings } from "../contract/deploy-event-template.ts";
import type { PipelineStateChange } from "./event-bridge.ts";

/**
 * The deploy event of a pipeline's success, not checked yet; undefined for every other state and for a pipeline without
 * a mapping. The event's id comes from the execution, so a change that is delivered twice is one rollout.
 */
export function mapPipelineState(
  { level, pipeline, state, executionId, happenedAtMs }: PipelineStateChange,
  mappings: PipelineMappings,
): Readonly<Record<string, unknown>> | undefined {
  if (level !== "pipeline" || state !== "SUCCEEDED" || !Object.hasOwn(mappings, pipeline)) return undefined;
  const { release, notAfterMinutes, ...template } = mappings[pipeline] as PipelineMappings[string];
  return {
    ...template,
    release: "name" in release ? release.name : executionId,
    notAfter: new Date(happenedAtMs + notAfterMinutes * 60_000).toISOString(),
    requestedBy: `pipeline ${pipeline}`,
    id: `pipeline-${executionId}`,
  };
}
