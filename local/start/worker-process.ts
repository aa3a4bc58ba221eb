import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Report } from "../../lambda/core/report/report.ts";
import type { LambdaExecutions } from "../aws/lambda-executions.ts";
import { type Child, startChild } from "./child.ts";
import type { Services } from "./services.ts";

/** What the worker's process tells its parent. */
export type WorkerMessage =
  | { readonly kind: "running"; readonly arn: string }
  | { readonly kind: "ended"; readonly arn: string; readonly status: Parameters<LambdaExecutions["ended"]>[1] }
  /** With a door: where it and Lambda's own protocol are. */
  | { readonly kind: "listening"; readonly lambda: string; readonly functionUrl: string }
  | WorkerAnswer;

export type WorkerAnswer =
  | { readonly kind: "report"; readonly report: Report }
  /** The execution failed; the name is that of the error. */
  | { readonly kind: "failed"; readonly name: string; readonly message: string }
  /** A door did not let the event in. */
  | { readonly kind: "refused"; readonly message: string };

/** One line of the worker's structured log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Sends a deploy event to a worker in a process of its own; `onLog` hears when it runs, and of its log. */
export async function runWorker(
  event: unknown,
  { environment, executions }: Services,
  stack: AsyncDisposableStack,
  onLog: (line: LogLine) => void,
): Promise<WorkerAnswer> {
  const script = new URL("./worker.ts", import.meta.url);
  const child = startChild({ what: "the worker", script, environment });
  stack.defer(() => child.stop());
  readLog(child, onLog);
  return ask(child, event, executions, () => onLog({ message: "execution running" }));
}

export interface KillableRun {
  readonly event: unknown;
  readonly executionArn: string;
  /** The durable step that it kills itself in. */
  readonly deadlyStep?: string;
}

/** Begins an execution whose checkpoints are in a file, or goes on with it; undefined when its process was killed. */
export async function runKillableWorker(
  { event, executionArn, deadlyStep = "" }: KillableRun,
  { environment, executions, stage }: Services,
  stack: AsyncDisposableStack,
): Promise<WorkerAnswer | undefined> {
  const script = new URL("./killable-worker.ts", import.meta.url);
  const args = [join(stage?.folder ?? "", "checkpoints.jsonl"), executionArn, deadlyStep];
  const child = startChild({ what: "the worker", script, args, environment });
  stack.defer(() => child.stop());
  child.process.stdout?.resume();
  try {
    return await ask(child, event, executions, () => {});
  } catch (error) {
    if (child.process.signalCode !== "SIGKILL") throw error;
    return undefined;
  }
}

function ask(child: Child, event: unknown, executions: LambdaExecutions, onRunning: () => void): Promise<WorkerAnswer> {
  const answer = receiveAnswer(child, executions, onRunning);
  // Wrapped, because Node takes some messages of a shape of their own for its own and never delivers them.
  child.process.send({ event });
  return Promise.race([answer, child.crash]);
}

export function readLog({ process: { stdout } }: Child, onLog: (line: LogLine) => void): void {
  if (stdout === null) return;
  createInterface({ input: stdout }).on("line", (text) => {
    const line = parseLine(text);
    if (line !== undefined) onLog(line);
  });
}

function parseLine(text: string): LogLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === "object" && line !== null ? (line as LogLine) : undefined;
  } catch {
    return undefined;
  }
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
