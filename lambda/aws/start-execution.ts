import {
  DurableExecutionAlreadyStartedException,
  InvokeCommand,
  type LambdaClient,
  RequestTooLargeException,
} from "@aws-sdk/client-lambda";
import { toExecutionName } from "../contract/execution-name.ts";

export type ExecutionStart =
  | { readonly kind: "started"; readonly execution?: string | undefined }
  /** The name belongs to an execution that was started with another payload. */
  | { readonly kind: "taken" }
  | { readonly kind: "too large" };

/**
 * Starts the durable worker asynchronously, under a name: the same name with the same payload is the same execution, for
 * as long as Lambda remembers it. An event's own id gives a name that no other worker has; a rollout's that was made up
 * for this start is one already. Throttles and faults are tried again by the SDK, and then thrown.
 */
export function createExecutionStarter(client: LambdaClient, workerArn: string) {
  return async (rolloutId: string, payload: { readonly id?: string | undefined }): Promise<ExecutionStart> => {
    try {
      const { DurableExecutionArn: execution } = await client.send(
        new InvokeCommand({
          FunctionName: workerArn,
          InvocationType: "Event",
          DurableExecutionName: payload.id === undefined ? rolloutId : toExecutionName(workerArn, payload.id),
          Payload: Buffer.from(JSON.stringify(payload)),
        }),
      );
      return { kind: "started", execution };
    } catch (error) {
      if (error instanceof DurableExecutionAlreadyStartedException) return { kind: "taken" };
      if (error instanceof RequestTooLargeException) return { kind: "too large" };
      throw error;
    }
  };
}
