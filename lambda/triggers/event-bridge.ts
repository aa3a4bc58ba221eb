import * as z from "zod";
import { parseOrRefuse, RefusedError } from "../contract/refused-error.ts";

/** The detail-type of events that start a rollout. Their detail is the deploy event; their source does not begin with `aws.`. */
export const DEPLOY_EVENT_TYPE = "Cutover Deploy Event";
const PIPELINE_SOURCE = "aws.codepipeline";
const LEVELS = new Map([
  ["CodePipeline Pipeline Execution State Change", "pipeline"],
  ["CodePipeline Stage Execution State Change", "stage"],
  ["CodePipeline Action Execution State Change", "action"],
] as const);

const text = z.string({ error: "expected a text" });

const Envelope = z.object({
  id: text.regex(/^[\w-]{1,64}$/, "expected the event's id, as EventBridge gives it"),
  source: text,
  "detail-type": text,
  time: z.iso.datetime({ offset: true, error: "expected the event's time, as EventBridge gives it" }),
  detail: z.record(z.string(), z.unknown(), { error: "expected an object" }),
});

/** https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html */
const StateChange = z.object({
  pipeline: text,
  state: text,
  "execution-id": text.regex(/^[\w-]{1,55}$/, "expected the execution's id, as CodePipeline gives it"),
  stage: text.optional(),
  action: text.optional(),
});

/** A state change that CodePipeline reports. It starts a rollout only with a mapping in the policy. */
export interface PipelineStateChange {
  readonly level: "pipeline" | "stage" | "action";
  readonly pipeline: string;
  readonly executionId: string;
  readonly state: string;
  /** Epoch milliseconds. */
  readonly happenedAtMs: number;
  readonly stage?: string | undefined;
  readonly action?: string | undefined;
}

export type BridgedEvent =
  | { readonly kind: "deploy event"; readonly input: Readonly<Record<string, unknown>> }
  | { readonly kind: "pipeline state change"; readonly change: PipelineStateChange };

/**
 * Reads an event of EventBridge. EventBridge may deliver an event twice, so the event's id becomes the rollout's id,
 * unless the sender gave an id. @throws RefusedError for an event that is not for Cutover
 */
export function readBridgedEvent(input: unknown): BridgedEvent {
  const { id, source, "detail-type": type, time, detail } = parseOrRefuse(Envelope, input, "the event of EventBridge");
  const level = source === PIPELINE_SOURCE ? LEVELS.get(type as Parameters<typeof LEVELS.get>[0]) : undefined;
  if (level !== undefined)
    return { kind: "pipeline state change", change: { level, happenedAtMs: Date.parse(time), ...toChange(detail) } };
  if (type !== DEPLOY_EVENT_TYPE || source.startsWith("aws.")) {
    throw new RefusedError(
      `the event of EventBridge was refused, nothing was done: its detail-type is not "${DEPLOY_EVENT_TYPE}"; send the deploy event as the detail of an event of that type, and correct the rule that sent this event`,
    );
  }
  return { kind: "deploy event", input: { id, ...detail } };
}

function toChange(detail: unknown) {
  const { "execution-id": executionId, ...change } = parseOrRefuse(StateChange, detail, "the pipeline's state change");
  return { executionId, ...change };
}
