import {
  type DurableExecutionClient,
  DurableExecutionClientError,
  DurableExecutionClientErrorScope,
} from "@aws/durable-execution-sdk-js";

/**
 * Lambda refuses the checkpoint of an invocation that a newer one has followed, and then repeats the invocation. The SDK
 * (up to 2.4.0) does not recognise Lambda's words for it, and ends the whole execution as FAILED
 * (aws-durable-execution-sdk-js #917). A later SDK does not need this client.
 */
export function retryStaleToken(client: DurableExecutionClient): DurableExecutionClient {
  return {
    getExecutionState: (request, logger) => client.getExecutionState(request, logger),
    checkpoint: async (request, logger) => {
      try {
        return await client.checkpoint(request, logger);
      } catch (error) {
        if (!(error instanceof Error) || !STALE.test(error.message)) throw error;
        const scope = DurableExecutionClientErrorScope.INVOCATION;
        throw new DurableExecutionClientError(error.message, { scope, cause: error });
      }
    },
  };
}

const STALE = /^invalid checkpoint token/i;
