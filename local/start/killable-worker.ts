import { subscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import type { Operation } from "@aws-sdk/client-lambda";
import type { Report } from "../../lambda/core/report/report.ts";
import { registerExecutions } from "../durable/register-execution.ts";
import { runExecution } from "../durable/run-execution.ts";
import type { WorkerMessage } from "./worker-process.ts";

/**
 * A worker's process: the handler that ships, its checkpoints in a file, so that another process goes on where this one
 * ended. With the name of a durable step it kills itself in the middle of that step: at its tenth flip.
 */
const [file = "", executionArn = "", deadlyStep = ""] = process.argv.slice(2);
const DEADLY_FLIP = 10;

if (deadlyStep !== "") dieIn(deadlyStep);
process.once("message", ({ event }: { readonly event: unknown }) => {
  void run(event).then((answer) => notifier(answer, () => process.exit()));
});

async function run(event: unknown): Promise<WorkerMessage> {
  const { handler } = await import("../../lambda/worker.ts");
  const known = registerExecutions(handler, {
    running: (arn) => notifier({ kind: "running", arn }),
    ended: (arn, status) => notifier({ kind: "ended", arn, status }),
  });
  const ended = await runExecution({ handler: known, file, executionArn, payload: event });
  if (ended.status === "SUCCEEDED") return { kind: "report", report: ended.result as Report };
  return { kind: "failed", ...ended.error };
}

/** No signal handler and no `finally` runs: this is the power cord. */
function dieIn(step: string): void {
  let flips = 0;
  subscribe("undici:request:create", (message) => {
    const { request } = message as { readonly request: { readonly method: string; readonly path: string } };
    if (request.method !== "POST" || !request.path.endsWith("/staging") || !isRunning(step)) return;
    flips += 1;
    if (flips === DEADLY_FLIP) process.kill(process.pid, "SIGKILL");
  });
}

/** Whether the last that its checkpoints say of a step is that it was started. */
function isRunning(step: string): boolean {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const operations = lines.flatMap((line) => (JSON.parse(line) as { operations: readonly Operation[] }).operations);
  return operations.findLast(({ Name }) => Name === step)?.Status === "STARTED";
}

function notifier(message: WorkerMessage, then: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, then);
}
