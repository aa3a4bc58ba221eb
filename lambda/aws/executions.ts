import { GetDurableExecutionCommand, type LambdaClient } from "@aws-sdk/client-lambda";

/** Asks Lambda whether a durable execution still runs; one that Lambda does not know has ended and been forgotten. */
export function createExecutionReader(client: LambdaClient) {
  return async (execution: string): Promise<{ readonly running: boolean }> => {
    try {
      const { Status } = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: execution }));
      return { running: Status === "RUNNING" };
    } catch (error) {
      if (error instanceof Error && error.name === "ResourceNotFoundException") return { running: false };
      throw error;
    }
  };
}
