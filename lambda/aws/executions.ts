import { GetDurableExecutionCommand, type LambdaClient } from "@aws-sdk/client-lambda";

export type ExecutionEnd =
  | { readonly running: true }
  | { readonly running: false; readonly endedAtMs?: number | undefined };

/** Asks Lambda whether a durable execution still runs; one that Lambda does not know has ended and been forgotten. */
export function createExecutionReader(client: LambdaClient) {
  return async (execution: string): Promise<ExecutionEnd> => {
    try {
      const { Status, EndTimestamp } = await client.send(
        new GetDurableExecutionCommand({ DurableExecutionArn: execution }),
      );
      return Status === "RUNNING" ? { running: true } : { running: false, endedAtMs: EndTimestamp?.getTime() };
    } catch (error) {
      if (error instanceof Error && error.name === "ResourceNotFoundException") return { running: false };
      throw error;
    }
  };
}
