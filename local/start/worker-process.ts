import { join } from "node:path";
import { createInterface } from "node:readline";
import { findJson } from "../../lambda/contract/find-json.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import type { LambdaExecutions } from "../aws/lambda-executions.ts";
import { type Child, startChild } from "./child.ts";
import type { Services } from "./services.ts";

/** A message from the worker's process to its parent. */
export type WorkerMessage =
  | { readonly kind: "running"; readonly arn: string }
  | { readonly kind: "ended"; readonly arn: string; readonly status: Parameters<LambdaExecutions["ended"]>[1] }
  /** With a door: the addresses of the door and of Lambda. */
  | { readonly kind: "listening"; readonly lambda: string; readonly functionUrl: string }
  | WorkerAnswer;

export type WorkerAnswer =
  | { readonly kind: "report"; readonly report: Report }
  /** The execution failed with an error of this name. */
  | { readonly kind: "failed"; readonly name: string; readonly message: string }
  /** A door refused the event. */
  | { readonly kind: "refused"; readonly message: string };

/** One line of the worker's structured log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface WorkerRun {
  readonly event: unknown;
  /** The durable step in which the worker kills itself. */
  readonly killInStep?: string;
  readonly onLog?: (line: LogLine) => void;
}

const EXECUTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:1/durable-execution/npm-start/1";

/** Starts or resumes the execution of this run in a child process; undefined when the process was killed. */
export async function runWorker(
  { event, killInStep = "", onLog = () => {} }: WorkerRun,
  { environment, executions, folder }: Services,
  stack: AsyncDisposableStack,
): Promise<WorkerAnswer | undefined> {
  const child = startWorker(["execution", join(folder, "checkpoints.jsonl"), EXECUTION_ARN, killInStep], environment);
  stack.defer(() => child.stop());
  readLog(child, onLog);
  const answer = receiveAnswer(child, executions, () => onLog({ message: "execution running" }));
  // Wrapped, because Node never delivers some messages that look like its internal messages.
  child.process.send({ event });
  try {
    return await Promise.race([answer, child.crash]);
  } catch (error) {
    if (killInStep === "" || child.process.signalCode !== "SIGKILL") throw error;
    return undefined;
  }
}

export function startWorker(args: readonly string[], environment: Services["environment"]): Child {
  return startChild({ what: "the worker", script: new URL("./worker.ts", import.meta.url), args, environment });
}

/** Reads the structured lines of a worker's log; other lines are ignored. */
export function readLog({ process: { stdout } }: Child, onLog: (line: LogLine) => void): void {
  if (stdout === null) return;
  createInterface({ input: stdout }).on("line", (text) => {
    const line = findJson(text);
    if (typeof line === "object" && line !== null) onLog(line as LogLine);
  });
}

function receiveAnswer(
  { process: worker }: Child,
  executions: LambdaExecutions,
  onRunning: () => void,
): Promise<WorkerAnswer> {
  return new Promise((resolve) => {
    worker.on("message", (message: WorkerMessage) => {
      switch (message.kind) {
        case "running":
          executions.running(message.arn);
          return onRunning();
        case "ended":
          return executions.ended(message.arn, message.status);
        case "report":
        case "failed":
        case "refused":
          return resolve(message);
        case "listening":
          return;
      }
    });
  });
}
