import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import type { Report } from "../../lambda/core/report/report.ts";
import type { LambdaExecutions } from "../../local/aws/lambda-executions.ts";
import { registerExecutions } from "../../local/durable/register-execution.ts";
import { runExecution } from "../../local/durable/run-execution.ts";

export interface Executed {
  /** Undefined when the execution failed. */
  readonly report: Report | undefined;
  readonly error: string | undefined;
  /** Names of the durable operations, in order. */
  readonly operations: readonly string[];
  /** How many operations AWS meters. */
  readonly metered: number;
  /** How long each of its waits was, in seconds. */
  readonly waits: Readonly<Record<string, number>>;
  readonly largestPayloadBytes: number;
  /** The file of its checkpoints. */
  readonly journal: string;
}

export interface HandlerRun {
  readonly handler: DurableLambdaHandler;
  readonly executions: Pick<LambdaExecutions, "running" | "ended">;
  readonly event: unknown;
  /** Of the execution: another name is another execution. */
  readonly name: string;
  readonly invocationMs?: number | undefined;
  readonly onSkip?: ((ms: number) => void) | undefined;
}

/** Runs one execution in this process; its waits pass at once. */
export async function runHandler({ executions, event, name, ...run }: HandlerRun): Promise<Executed> {
  const folder = mkdtempSync(join(tmpdir(), "cutover-"));
  const file = join(folder, "checkpoints.jsonl");
  try {
    const ended = await runExecution({
      handler: registerExecutions(run.handler, executions),
      file,
      executionArn: toArn(name),
      payload: event,
      skipWaits: true,
      ...(run.invocationMs !== undefined && { invocationMs: run.invocationMs }),
      ...(run.onSkip !== undefined && { onSkip: run.onSkip }),
    });
    const journal = readFileSync(file, "utf8");
    return {
      report: ended.status === "SUCCEEDED" ? (ended.result as Report) : undefined,
      error: ended.status === "FAILED" ? ended.error.message : undefined,
      ...readJournal(journal),
      metered: ended.operations,
      largestPayloadBytes: ended.largestPayloadBytes,
      journal,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function toArn(name: string): string {
  return `arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/${name}/0f3c`;
}

interface Operation {
  readonly Name?: string;
  readonly StartTimestamp?: string;
  readonly WaitDetails?: { readonly ScheduledEndTimestamp?: string };
}

/** What stands in a file of checkpoints: names of operations, and lengths of waits. */
export function readJournal(journal: string): Pick<Executed, "operations" | "waits"> {
  const lines = journal.trim().split("\n");
  const operations = lines.flatMap((line) => (JSON.parse(line) as { operations: Operation[] }).operations);
  const waits: Record<string, number> = {};
  for (const { Name = "", StartTimestamp = "", WaitDetails } of operations) {
    const endsAt = WaitDetails?.ScheduledEndTimestamp;
    if (endsAt !== undefined) waits[Name] = (Date.parse(endsAt) - Date.parse(StartTimestamp)) / 1000;
  }
  return { operations: [...new Set(operations.flatMap(({ Name }) => Name ?? []))], waits };
}
