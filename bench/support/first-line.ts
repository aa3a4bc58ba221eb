/**
 * Imports a bundled entry and calls its handler with an input that the handler refuses before any request. Sends the times
 * since the start of the import to the parent.
 */
const [path = "", entry = ""] = process.argv.slice(2);
const ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:1/durable-execution/1/1";
const execution = {
  Id: "1",
  Type: "EXECUTION",
  Status: "STARTED",
  StartTimestamp: new Date(),
  ExecutionDetails: { InputPayload: "{}" },
};
/** An input that each function refuses: an event without members, an unknown input, a GET. */
const EVENTS: Readonly<Record<string, object>> = {
  worker: { DurableExecutionArn: ARN, CheckpointToken: "1", InitialExecutionState: { Operations: [execution] } },
  "front-door": {},
  webhook: { rawPath: "/", requestContext: { http: { method: "GET" } } },
};

const startedMs = performance.now();
const { handler } = (await import(path)) as { handler(event: unknown, context: object): Promise<unknown> };
const importMs = performance.now() - startedMs;
try {
  await handler(EVENTS[entry], { getRemainingTimeInMillis: () => 900_000 });
} catch (error) {
  if (!(error instanceof Error && error.name === "RefusedError")) throw error;
}
process.send?.({ importMs, firstLineMs: performance.now() - startedMs });
