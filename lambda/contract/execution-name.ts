import { createHash } from "node:crypto";

/** A hyphen and the hash end the name; what is left of Lambda's 64 characters shows the id. */
const HASH_LENGTH = 12;
const MOST_OF_ID = 64 - HASH_LENGTH - 1;

/**
 * The name of the execution that a worker begins for an event's own id. Names are unique in an account and region, so
 * two environments that are told of one event, the same pipeline or webhook, must not share it.
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html#durable-idempotency-execution-names
 */
export function toExecutionName(workerArn: string, id: string): string {
  const hash = createHash("sha256")
    .update(`${toFunctionArn(workerArn)}\n${id}`)
    .digest("hex");
  return `${id.slice(0, MOST_OF_ID)}-${hash.slice(0, HASH_LENGTH)}`;
}

/** Whether an execution's ARN can be of this rollout: its name is the rollout's own, or begins with it. */
export function isExecutionOf(rolloutId: string, execution: string): boolean {
  const [, , name = ""] = execution.split("/");
  return name === rolloutId || name.replace(/-[\da-f]{12}$/, "") === rolloutId.slice(0, MOST_OF_ID);
}

/** The same for every alias and version. */
function toFunctionArn(workerArn: string): string {
  return workerArn.split(":").slice(0, 7).join(":");
}
