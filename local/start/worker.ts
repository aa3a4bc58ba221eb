import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import type { Report } from "../../lambda/core/report/report.ts";
import { registerExecutions } from "../durable/register-execution.ts";
import type { WorkerMessage } from "./worker-process.ts";

/**
 * A worker's process: the handler that ships, configured by its environment, run by the SDK's local runner in real time.
 * The parent sends one event and gets one answer; in between it hears of the execution as Lambda would.
 * With a door to serve it waits for what arrives there instead, and runs what the door starts.
 */
const [door] = process.argv.slice(2);
if (door === undefined) {
  process.once("message", ({ event }: { readonly event: unknown }) => {
    void run(event).then((answer) => notifier(answer, () => process.exit()));
  });
} else {
  const { serveDoor } = await import("./serve-door.ts");
  await serveDoor(door, notifier);
}

async function run(event: unknown): Promise<WorkerMessage> {
  const { handler } = await import("../../lambda/worker.ts");
  await LocalDurableTestRunner.setupTestEnvironment();
  const handlerFunction = registerExecutions(handler, {
    running: (arn) => notifier({ kind: "running", arn }),
    ended: (arn, status) => notifier({ kind: "ended", arn, status }),
  });
  const ended = await new LocalDurableTestRunner<Report>({ handlerFunction }).run({ payload: event });
  if (ended.getStatus() === "SUCCEEDED") return { kind: "report", report: ended.getResult() as Report };
  const { errorType = "Error", errorMessage = "it gave no reason" } = ended.getError();
  return { kind: "failed", name: errorType, message: errorMessage };
}

function notifier(message: WorkerMessage, then: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, then);
}
