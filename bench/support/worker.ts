import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DurableLambdaHandler, WireOperation } from "@aws/durable-execution-sdk-js";
import { buildWorker } from "../../lambda/build-worker.ts";
import { parsePolicy } from "../../lambda/config.ts";
import type { Report } from "../../lambda/rollout/report.ts";
import type { CheckpointHook } from "../../local/durable/file-checkpoints.ts";
import { runExecution } from "../../local/durable/run-execution.ts";
import type { EmulatorProcess } from "./children.ts";

export const TABLE = "ledger";
export const SECRET = "evo-voice/login";

/** Nothing slows a rollout down but the server: the highest pace that a policy allows. */
const UNLIMITED = { requestsPerSecond: 100_000, startRequestsPerSecond: 100_000, failureBudget: 0 };

/** The shipped handler against an emulator; the AWS that it talks to is in the environment. */
export function buildLocalWorker(
  { address: baseUrl, accountId }: Pick<EmulatorProcess, "address" | "accountId">,
  concurrency: number,
): DurableLambdaHandler {
  const policy = parsePolicy({ baseUrl, accountIds: [accountId], concurrency, ...UNLIMITED });
  return buildWorker({ policy, tableName: TABLE, secretId: SECRET });
}

export interface RolloutRun {
  readonly report: Report;
  readonly operations: number;
  readonly largestPayloadBytes: number;
  /** The steps in order; epoch milliseconds. */
  readonly steps: readonly { readonly name: string; readonly startedMs: number; readonly endedMs: number }[];
}

/** Runs one rollout over everybody, durable waits left out; its checkpoints are in a file, and gone afterwards. */
export async function runRollout(
  handler: DurableLambdaHandler,
  action: "stage" | "promote",
  onCheckpoint: CheckpointHook = () => undefined,
): Promise<RolloutRun> {
  const folder = mkdtempSync(join(tmpdir(), "cutover-bench-"));
  const file = join(folder, "checkpoints");
  const id = `${Date.now()}`;
  try {
    const ended = await runExecution({
      handler,
      file,
      executionArn: `arn:aws:lambda:us-east-1:000000000000:function:cutover:1/durable-execution/${id}/${id}`,
      payload: { action, release: `release-${id}`, targets: { all: true } },
      skipWaits: true,
      onCheckpoint,
    });
    if (ended.status === "FAILED") throw new Error(ended.error.message);
    const report = ended.result as Report;
    if (report.status !== "succeeded") throw new Error(`${report.status}: ${report.problem}`);
    return { ...ended, report, steps: readSteps(file) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readSteps(file: string): RolloutRun["steps"] {
  const entries = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly operations: readonly WireOperation[] });
  return entries
    .flatMap(({ operations }) => operations)
    .filter(({ Type, Status }) => Type === "STEP" && Status === "SUCCEEDED")
    .map(({ Name = "", StartTimestamp, EndTimestamp }) => ({
      name: Name,
      startedMs: Number(new Date(StartTimestamp ?? 0)),
      endedMs: Number(new Date(EndTimestamp ?? 0)),
    }));
}
