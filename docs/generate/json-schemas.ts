import { z } from "zod";
import { Command } from "../../lambda/contract/command.ts";
import { DeployEvent } from "../../lambda/contract/deploy-event.ts";
import { Policy } from "../../lambda/contract/policy.ts";
import { RolloutEvent } from "../../lambda/core/report/rollout-event.ts";

/** A JSON Schema as far as the documents look into it. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** The schema of a deploy event. */
export function toEventSchema(): JsonSchema {
  return toSchema(DeployEvent, {
    $id: "deploy-event.schema.json",
    title: "Deploy event",
    description:
      "A deploy event starts a rollout. It names the release, the action and the customers. See docs/events.md.",
  });
}

/** The schema of a command. */
export function toCommandSchema(): JsonSchema {
  return toSchema(Command, {
    $id: "command.schema.json",
    title: "Command",
    description: "A command asks about a rollout, steers a rollout, or changes the controls. See docs/events.md.",
  });
}

/** The schema of a policy. */
export function toPolicySchema(): JsonSchema {
  return toSchema(Policy, {
    $id: "policy.schema.json",
    title: "Policy",
    description:
      "The operator's guard rails and defaults; an event can narrow them, never widen them. See docs/policy.md.",
  });
}

/** The schema of the `detail` of a published event. */
export function toChangeSchema(): JsonSchema {
  return toSchema(RolloutEvent, {
    $id: "rollout-changed.schema.json",
    title: "Rollout changed",
    description: "One change of a rollout's state: the detail of an EventBridge event. See docs/changes.md.",
  });
}

export const renderEventSchema = () => `${JSON.stringify(toEventSchema(), null, 2)}\n`;

export const renderCommandSchema = () => `${JSON.stringify(toCommandSchema(), null, 2)}\n`;

export const renderPolicySchema = () => `${JSON.stringify(toPolicySchema(), null, 2)}\n`;

export const renderChangeSchema = () => `${JSON.stringify(toChangeSchema(), null, 2)}\n`;

function toSchema(schema: z.ZodType, head: Readonly<Record<string, string>>): JsonSchema {
  const { $schema, ...body } = z.toJSONSchema(schema, {
    io: "input",
    override: ({ jsonSchema }) => {
      // That our code never changes a list means nothing to a reader of the schema.
      delete jsonSchema.readOnly;
    },
  });
  return { $schema, ...head, ...body } as JsonSchema;
}
