import { type ExecutionStatus, GetDurableExecutionCommand, type LambdaClient } from "@aws-sdk/client-lambda";

/** The state of a durable execution; `result` is the JSON that it returned. */
export type ExecutionOutcome =
  | { readonly kind: "running" }
  | { readonly kind: "returned"; readonly result: string }
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "unknown" };

/** Every other state is that of a running execution, also one that AWS adds later. */
const ENDED: ReadonlySet<ExecutionStatus | undefined> = new Set(["SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"]);

/** Reads the state of durable executions from Lambda. */
export function createExecutions(client: LambdaClient) {
  async function readOutcome(execution: string): Promise<ExecutionOutcome> {
    try {
      const {
        Status,
        Result,
        Error: error,
      } = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: execution }));
      if (!ENDED.has(Status)) return { kind: "running" };
      if (Status === "SUCCEEDED" && Result !== undefined) return { kind: "returned", result: Result };
      return { kind: "failed", problem: error?.ErrorMessage ?? `its execution ended as ${Status ?? "unknown"}` };
    } catch (error) {
      if (error instanceof Error && error.name === "ResourceNotFoundException") return { kind: "unknown" };
      throw error;
    }
  }

  return {
    readOutcome,
    /** An execution that Lambda does not know has ended: its retention period is over. */
    async findEnd(execution: string): Promise<{ readonly running: boolean }> {
      return { running: (await readOutcome(execution)).kind === "running" };
    },
  };
}
