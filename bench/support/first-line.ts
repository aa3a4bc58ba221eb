/**
 * Imports a bundled entry and lets its handler run: an event that is refused comes back from the handler's first line,
 * before anything is requested. Tells the parent when, counted from the import.
 */
const ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:1/durable-execution/1/1";
const startedMs = performance.now();
const { handler } = (await import(process.argv[2] ?? "")) as {
  readonly handler: (event: unknown, context: unknown) => Promise<{ readonly Status: string }>;
};
const importMs = performance.now() - startedMs;
const execution = {
  Id: "1",
  Type: "EXECUTION",
  Status: "STARTED",
  StartTimestamp: new Date(),
  ExecutionDetails: { InputPayload: "{}" },
};
const event = { DurableExecutionArn: ARN, CheckpointToken: "1", InitialExecutionState: { Operations: [execution] } };
await handler(event, { getRemainingTimeInMillis: () => 900_000 });
process.send?.({ importMs, firstLineMs: performance.now() - startedMs });
