import { type ExecutionStatus, GetDurableExecutionCommand, type LambdaClient } from "@aws-sdk/client-lambda";

/** Every other state is that of a running execution, also one that AWS adds later. */
const ENDED: ReadonlySet<ExecutionStatus | undefined> = new Set(["SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"]);

/** Reads the state of durable executions from Lambda. */
export function createExecutions(client: LambdaClient) {
  /** `result` is the JSON that the execution returned. */
  async function findOutcome(DurableExecutionArn: string) {
    try {
      const ended = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
      const { Status: status, Result: result } = ended;
      if (!ENDED.has(status)) return { kind: "running" } as const;
      if (status === "SUCCEEDED" && result !== undefined) return { kind: "returned", result } as const;
      return { kind: "failed", problem: ended.Error?.ErrorMessage ?? `its execution ended as ${status}` } as const;
    } catch (error) {
      if (error instanceof Error && error.name === "ResourceNotFoundException") return { kind: "unknown" } as const;
      throw error;
    }
  }

  return {
    findOutcome,
    /** An execution that Lambda does not know has ended: its retention period is over. */
    async findEnd(execution: string): Promise<{ readonly running: boolean }> {
      return { running: (await findOutcome(execution)).kind === "running" };
    },
  };
}
