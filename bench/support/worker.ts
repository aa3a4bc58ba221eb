import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DurableLambdaHandler, WireOperation } from "@aws/durable-execution-sdk-js";
import { parsePolicy } from "../../lambda/config.ts";
import type { Strategy } from "../../lambda/contract/strategy.ts";
import { describeProblems, type Report } from "../../lambda/core/report/report.ts";
import type { RolloutStatus } from "../../lambda/core/report/rollout-status.ts";
import { createWorker } from "../../lambda/worker.ts";
import type { CheckpointHook } from "../../local/durable/file-checkpoints.ts";
import { runExecution } from "../../local/durable/run-execution.ts";
import type { EmulatorProcess } from "./children.ts";

export const TABLE = "ledger";
export const SECRET = "evo-voice/login";
/** The alarm that is watched, where one is. */
export const ALARM = "calls-drop";

/** Where a deployed worker always publishes. */
const PUBLISHED_TO = { eventBus: "default", topicArn: "arn:aws:sns:us-east-1:000000000000:cutover" } as const;

/** Nothing slows a rollout down but the server: the highest pace that a policy allows. */
const UNLIMITED = {
  strategy: "all-at-once",
  requestsPerSecond: 100_000,
  startRequestsPerSecond: 100_000,
  failureBudget: 0,
};

/** The shipped handler against an emulator; the AWS that it talks to is in the environment. */
export function buildLocalWorker(
  { address: baseUrl, accountId }: Pick<EmulatorProcess, "address" | "accountId">,
  concurrency: number,
  alarms: readonly string[] = [],
): DurableLambdaHandler {
  const policy = parsePolicy({ baseUrl, accountIds: [accountId], concurrency, alarms, ...UNLIMITED });
  return createWorker({ policy, tableName: TABLE, secretId: SECRET, ...PUBLISHED_TO });
}

/** One rollout. */
export interface Order {
  readonly action: "stage" | "promote";
  /** @default all customers */
  readonly targets?: { readonly tags: readonly string[] } | undefined;
  /** @default all at once */
  readonly strategy?: Strategy | undefined;
  /** How the rollout has to end. @default succeeded */
  readonly status?: RolloutStatus | undefined;
}

export interface RolloutRun {
  readonly report: Report;
  readonly operations: number;
  /** Of any checkpoint that was written, those between two polls of a gate included. */
  readonly largestPayloadBytes: number;
  /** The steps in order; epoch milliseconds. */
  readonly steps: readonly StepTimes[];
}

export interface StepTimes {
  readonly name: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Of a bake, how often the gate was polled. */
  readonly attempts: number;
}

/** Runs one rollout, durable waits passed at once; its checkpoints are in a file, and gone afterwards. */
export async function runRollout(
  handler: DurableLambdaHandler,
  { action, targets, strategy, status = "succeeded" }: Order,
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
      payload: { action, release: `release-${id}`, targets: targets ?? { all: true }, ...(strategy && { strategy }) },
      skipWaits: true,
      onCheckpoint,
    });
    if (ended.status === "FAILED") throw new Error(ended.error.message);
    const report = ended.result as Report;
    if (report.status !== status) throw new Error(`${report.status} instead of ${status}: ${describeProblems(report)}`);
    return { report, operations: ended.operations, ...readCheckpoints(file) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readCheckpoints(file: string): Pick<RolloutRun, "largestPayloadBytes" | "steps"> {
  const written = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .flatMap((line) => (JSON.parse(line) as { readonly operations: readonly WireOperation[] }).operations);
  const payloads = written.map(
    ({ StepDetails, ContextDetails }) => StepDetails?.Result ?? ContextDetails?.Result ?? "",
  );
  const steps = written
    .filter(({ Type, Status }) => Type === "STEP" && Status === "SUCCEEDED")
    .map(({ Name = "", StartTimestamp, EndTimestamp, StepDetails }) => ({
      name: Name,
      startedMs: Number(new Date(StartTimestamp ?? 0)),
      endedMs: Number(new Date(EndTimestamp ?? 0)),
      attempts: StepDetails?.Attempt ?? 1,
    }));
  return { largestPayloadBytes: Math.max(...payloads.map((payload) => Buffer.byteLength(payload))), steps };
}
