import { type Command, readCommand } from "../contract/command.ts";
import { describeAt } from "../contract/problems.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { type PipelineJob, readPipelineJob } from "./code-pipeline.ts";
import { type BridgedEvent, readBridgedEvent } from "./event-bridge.ts";
import { readScheduled } from "./scheduler.ts";
import { readWidgetCall, type WidgetCall } from "./widget.ts";

/** The input of a trigger. A deploy event has the id and the time of its trigger and is not checked yet. */
export type ParsedTrigger =
  | BridgedEvent
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "widget"; readonly call: WidgetCall }
  | { readonly kind: "pipeline job"; readonly job: PipelineJob };

interface Form {
  /** An input with any of these members has this form. */
  readonly members: readonly string[];
  read(input: unknown): ParsedTrigger;
}

/** The first form that shares a member with the input applies. */
const FORMS: readonly Form[] = [
  { members: ["CodePipeline.job"], read: (input) => ({ kind: "pipeline job", job: readPipelineJob(input) }) },
  { members: ["widgetContext", "describe"], read: (input) => ({ kind: "widget", call: readWidgetCall(input) }) },
  { members: ["detail-type", "detail"], read: readBridgedEvent },
  { members: ["schedule"], read: (input) => ({ kind: "deploy event", input: readScheduled(input) }) },
  { members: ["command"], read: (input) => ({ kind: "command", command: readCommand(input) }) },
  {
    members: ["action", "release", "targets"],
    read: (input) => ({ kind: "deploy event", input: input as Readonly<Record<string, unknown>> }),
  },
];

/** Recognises the input of a trigger. @throws RefusedError for an input that is neither a deploy event nor a command */
export function parseTrigger(input: unknown): ParsedTrigger {
  const form = FORMS.find(({ members }) => members.some((member) => hasMember(input, member)));
  if (form !== undefined) return form.read(input);
  throw new RefusedError(
    `nothing was done: got ${describeAt(input, [])}, which is neither a deploy event such as ${DEPLOY_EVENT} nor a command such as ${COMMAND}`,
  );
}

const DEPLOY_EVENT = '{"action":"promote","release":"2026.11.0","targets":{"all":true},"dryRun":true}';
const COMMAND = '{"command":"status","rolloutId":"promote-0f3c9a1b2d4e"}';

function hasMember(input: unknown, member: string): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input) && Object.hasOwn(input, member);
}
