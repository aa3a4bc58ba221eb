import { DurableExecutionAlreadyStartedException, InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { toExecutionName } from "../contract/execution-name.ts";

/**
 * Starts the durable worker asynchronously, under a name. Lambda starts one execution for the same name and payload,
 * until the retention period is over. An event with an id gives a name that no other worker uses; without an id, the
 * rollout's id is the name. The SDK repeats the call after throttles and faults.
 */
export function createExecutionStarter(client: LambdaClient, workerArn: string) {
  return async (rolloutId: string, payload: { readonly id?: string | undefined }) => {
    try {
      const { DurableExecutionArn: execution } = await client.send(
        new InvokeCommand({
          FunctionName: workerArn,
          InvocationType: "Event",
          DurableExecutionName: payload.id === undefined ? rolloutId : toExecutionName(workerArn, payload.id),
          Payload: Buffer.from(JSON.stringify(payload)),
        }),
      );
      return { kind: "started", execution } as const;
    } catch (error) {
      // Another execution with a different payload has this name.
      if (error instanceof DurableExecutionAlreadyStartedException) return { kind: "taken" } as const;
      throw error;
    }
  };
}
