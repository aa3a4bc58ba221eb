import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DurableExecutionInvocationInputWithClient,
  type DurableExecutionInvocationOutput,
  type DurableLambdaHandler,
} from "@aws/durable-execution-sdk-js";
import type { Context } from "aws-lambda";
import {
  type CheckpointHook,
  type ExecutionEnd,
  type FileCheckpoints,
  openFileCheckpoints,
} from "./file-checkpoints.ts";

export type ExecutionRun = {
  /** The shipped handler, from `withDurableExecution`. */
  readonly handler: DurableLambdaHandler;
  /** The file of the checkpoints; an execution in the file is resumed. */
  readonly file: string;
  /** `<function ARN with version>/durable-execution/<name>/<id>` */
  readonly executionArn: string;
  /** The event as plain JSON. */
  readonly payload: unknown;
  /** Durable waits and retry delays end at once; the clock does not change. */
  readonly skipWaits?: boolean;
  /** Durable waits and retry delays pass so many times faster; the clock does not change. @default 1 */
  readonly speed?: number;
  /** Called before a wait of so many milliseconds is skipped, for a stand-in that has a clock of its own. */
  readonly onSkip?: (ms: number) => void;
  readonly onCheckpoint?: CheckpointHook;
  /** The time limit that an invocation sees. @default Lambda's 15 minutes */
  readonly invocationMs?: number;
};

type ExecutionOutcome =
  | { readonly status: "SUCCEEDED"; readonly result: unknown }
  | { readonly status: "FAILED"; readonly error: { readonly name: string; readonly message: string } };

export type ExecutionResult = ExecutionOutcome & {
  /** Invocations in this process. */
  readonly invocations: number;
  /** Durable operations of the execution, as AWS meters them. */
  readonly operations: number;
  readonly largestPayloadBytes: number;
};

/** So many invocations in a row without a write fail the run. */
const MAX_IDLE_INVOCATIONS = 3;
/** The longest delay of a Node timer. */
const MAX_SLEEP_MS = 2 ** 31 - 1;

/**
 * Runs a durable execution to its end as Lambda does: it invokes the handler, waits for the timers while the execution is
 * pending, and invokes the handler again with the recorded operations. After a crash, the next run resumes from the file.
 */
export async function runExecution(run: ExecutionRun): Promise<ExecutionResult> {
  const { file, executionArn, onCheckpoint } = run;
  const checkpoints = openFileCheckpoints({ file, executionArn, payload: JSON.stringify(run.payload), onCheckpoint });
  try {
    let idle = 0;
    for (let invocations = 0; ; invocations += 1) {
      const end = checkpoints.findEnd();
      if (end) return { ...toResult(end), invocations, ...checkpoints.measure() };
      const writes = checkpoints.countWrites();
      const output = await invoke(run, checkpoints);
      await settle(run, checkpoints, output);
      idle = checkpoints.countWrites() === writes ? idle + 1 : 0;
      if (idle === MAX_IDLE_INVOCATIONS) throw noProgress(executionArn, output);
    }
  } finally {
    checkpoints.close();
  }
}

/** One invocation. After an error Lambda invokes again, so an error is a result. */
async function invoke(
  run: ExecutionRun,
  checkpoints: FileCheckpoints,
): Promise<DurableExecutionInvocationOutput | Error> {
  const input = new DurableExecutionInvocationInputWithClient(checkpoints.beginInvocation(), checkpoints.client);
  try {
    return await run.handler(input, toContext(run));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error), { cause: error });
  }
}

export function toContext({
  executionArn,
  invocationMs = 15 * 60_000,
}: Pick<ExecutionRun, "executionArn" | "invocationMs">): Context {
  const [functionArn = executionArn] = executionArn.split("/");
  const [functionName = "cutover", functionVersion = "1"] = functionArn.split(":").slice(6);
  const endsAt = Date.now() + invocationMs;
  const notDurable = () => {
    throw new Error("a durable handler answers by its promise");
  };
  return {
    awsRequestId: randomUUID(),
    functionName,
    functionVersion,
    invokedFunctionArn: functionArn,
    logGroupName: "local",
    logStreamName: "local",
    memoryLimitInMB: "1024",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
    done: notDurable,
    fail: notDurable,
    succeed: notDurable,
  };
}

async function settle(
  run: ExecutionRun,
  checkpoints: FileCheckpoints,
  output: DurableExecutionInvocationOutput | Error,
): Promise<void> {
  // A result beyond Lambda's limit is recorded by a checkpoint, and the answer is empty.
  if (output instanceof Error || checkpoints.findEnd()) return;
  switch (output.Status) {
    case "SUCCEEDED":
      return checkpoints.recordEnd({ status: "SUCCEEDED", result: output.Result });
    case "FAILED":
      return checkpoints.recordEnd({ status: "FAILED", error: output.Error });
    case "PENDING":
      return passNextTimer(run, checkpoints);
  }
}

async function passNextTimer(
  { skipWaits, speed = 1, onSkip }: ExecutionRun,
  checkpoints: FileCheckpoints,
): Promise<void> {
  const dueTime = checkpoints.findNextDueTime();
  if (dueTime === undefined) return;
  const endsAt = Date.now() + (dueTime - Date.now()) / speed;
  for (let leftMs = endsAt - Date.now(); !skipWaits && leftMs > 0; leftMs = endsAt - Date.now())
    await sleep(Math.min(leftMs, MAX_SLEEP_MS));
  if (skipWaits) onSkip?.(Math.max(0, dueTime - Date.now()));
  checkpoints.elapseUntil(Math.max(dueTime, skipWaits ? 0 : Date.now()));
}

function toResult(end: ExecutionEnd): ExecutionOutcome {
  if (end.status === "SUCCEEDED") return { status: "SUCCEEDED", result: end.result && JSON.parse(end.result) };
  const { ErrorType: name = "Error", ErrorMessage: message = "" } = end.error;
  return { status: "FAILED", error: { name, message } };
}

function noProgress(executionArn: string, output: DurableExecutionInvocationOutput | Error): Error {
  const cause = output instanceof Error ? output : new Error("pending, without a timer that could resume it");
  return new Error(`${executionArn} made no progress in ${MAX_IDLE_INVOCATIONS} invocations: ${cause.message}`, {
    cause,
  });
}
