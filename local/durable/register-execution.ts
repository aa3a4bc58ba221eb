import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import type { LambdaExecutions } from "../aws/lambda-executions.ts";

/** Wraps a handler so that the stand-in for Lambda knows the state of its executions. */
export function registerExecutions(
  handler: DurableLambdaHandler,
  executions: Pick<LambdaExecutions, "running" | "ended">,
): DurableLambdaHandler {
  return async (input, context) => {
    executions.running(input.DurableExecutionArn);
    const output = await handler(input, context);
    if (output.Status !== "PENDING") executions.ended(input.DurableExecutionArn, output.Status);
    return output;
  };
}
