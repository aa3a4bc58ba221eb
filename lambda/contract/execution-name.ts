import { createHash } from "node:crypto";

/** Lambda allows 64 characters: as much of the id as fits, a hyphen and the hash. */
const HASH_LENGTH = 12;
const MOST_OF_ID = 64 - HASH_LENGTH - 1;

/**
 * The name of a worker's execution for an event with an id. Names are unique in an account and a region, so the name
 * contains the worker: one pipeline or webhook may send the same event to two environments.
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html#durable-idempotency-execution-names
 */
export function toExecutionName(workerArn: string, id: string): string {
  return withHash(id, `${toFunctionArn(workerArn)}\n${id}`);
}

/** The id of a repeated attempt at an event, which no person gives to another event. */
export function toAttemptId(id: string, attempt: number): string {
  return withHash(id, `attempt ${attempt}\n${id}`);
}

/** Whether an execution can belong to a rollout: its name is the rollout's id, or begins with it. */
export function isExecutionOf(rolloutId: string, execution: string): boolean {
  const [, , name = ""] = execution.split("/");
  return name === rolloutId || name.replace(/-[\da-f]{12}$/, "") === rolloutId.slice(0, MOST_OF_ID);
}

function withHash(id: string, unique: string): string {
  const hash = createHash("sha256").update(unique).digest("hex");
  return `${id.slice(0, MOST_OF_ID)}-${hash.slice(0, HASH_LENGTH)}`;
}

function toFunctionArn(workerArn: string): string {
  return workerArn.split(":").slice(0, 7).join(":");
}
