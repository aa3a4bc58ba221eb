import { subscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import type { Operation } from "@aws-sdk/client-lambda";
import type { Report } from "../../lambda/core/report/report.ts";
import { registerExecutions } from "../durable/register-execution.ts";
import { runExecution } from "../durable/run-execution.ts";
import type { WorkerMessage } from "./worker-process.ts";

/**
 * The process of a worker: the shipped handler, configured by the environment. The parent sends one event and gets one
 * answer. The checkpoints are in a file, so that another process can resume the execution. With a door, the process
 * serves the door and runs the executions that the door starts.
 */
const [kind, ...args] = process.argv.slice(2);
if (kind === "door") {
  const { serveDoor } = await import("./serve-door.ts");
  await serveDoor(args[0] ?? "", sendToParent);
} else {
  const [file = "", executionArn = "", killInStep = ""] = args;
  if (killInStep !== "") killIn(killInStep, file);
  process.once("message", ({ event }: { readonly event: unknown }) => {
    void run({ file, executionArn, payload: event }).then((answer) => sendToParent(answer, () => process.exit()));
  });
}

async function run(execution: Omit<Parameters<typeof runExecution>[0], "handler">): Promise<WorkerMessage> {
  const { handler } = await import("../../lambda/worker.ts");
  const registered = registerExecutions(handler, {
    running: (arn) => sendToParent({ kind: "running", arn }),
    ended: (arn, status) => sendToParent({ kind: "ended", arn, status }),
  });
  const ended = await runExecution({ handler: registered, ...execution });
  if (ended.status === "SUCCEEDED") return { kind: "report", report: ended.result as Report };
  return { kind: "failed", ...ended.error };
}

const FATAL_FLIP = 10;

/** Kills this process at the tenth flip of a durable step. As in a power cut, no signal handler and no `finally` runs. */
function killIn(step: string, file: string): void {
  let flips = 0;
  subscribe("undici:request:create", (message) => {
    const { request } = message as { readonly request: { readonly method: string; readonly path: string } };
    if (request.method !== "POST" || !request.path.endsWith("/staging") || !isRunning(step, file)) return;
    flips += 1;
    if (flips === FATAL_FLIP) process.kill(process.pid, "SIGKILL");
  });
}

/** Whether the last checkpoint of a step says that the step started. */
function isRunning(step: string, file: string): boolean {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const operations = lines.flatMap((line) => (JSON.parse(line) as { operations: readonly Operation[] }).operations);
  return operations.findLast(({ Name }) => Name === step)?.Status === "STARTED";
}

function sendToParent(message: WorkerMessage, then: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, then);
}
