import {
  DurableExecutionAlreadyStartedException,
  InvokeCommand,
  type LambdaClient,
  RequestTooLargeException,
} from "@aws-sdk/client-lambda";

export type ExecutionStart =
  | { readonly kind: "started"; readonly execution?: string | undefined }
  /** The name belongs to an execution that was started with another payload. */
  | { readonly kind: "taken" }
  | { readonly kind: "too large" };

/**
 * Starts the durable worker asynchronously, under a name: the same name with the same payload is the same execution, for
 * as long as Lambda remembers it. Throttles and faults are tried again by the SDK, and then thrown.
 */
export function createExecutionStarter(client: LambdaClient, workerArn: string) {
  return async (name: string, payload: object): Promise<ExecutionStart> => {
    try {
      const { DurableExecutionArn: execution } = await client.send(
        new InvokeCommand({
          FunctionName: workerArn,
          InvocationType: "Event",
          DurableExecutionName: name,
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
