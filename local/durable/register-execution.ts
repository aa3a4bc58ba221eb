import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import type { LambdaExecutions } from "../aws/lambda-executions.ts";

/** The handler as it is, with its executions known to the stand-in for Lambda, as Lambda itself would know them. */
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
