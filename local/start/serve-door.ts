import { startFunctionUrl } from "../aws/function-url.ts";
import { startLambdaExecutions } from "../aws/lambda-executions.ts";
import { registerExecutions } from "../durable/register-execution.ts";
import { START_ARN, WORKER_ARN } from "./functions.ts";
import type { WorkerMessage } from "./worker-process.ts";

/**
 * The functions that ship, as AWS would have them: the worker and a door behind Lambda's own protocol, the public door
 * behind a Function URL. They are configured by the environment, in which only Lambda's address is not known before.
 */
export async function serveDoor(door: string, notifier: (message: WorkerMessage) => void): Promise<void> {
  const lambda = await startLambdaExecutions();
  process.env.AWS_ENDPOINT_URL_LAMBDA = lambda.address;
  const { handler } = await import("../../lambda/worker.ts");
  const known = registerExecutions(handler, {
    running: (arn) => notifier({ kind: "running", arn }),
    ended: (arn, status) => notifier({ kind: "ended", arn, status }),
  });
  lambda.serve(WORKER_ARN, { kind: "durable", handler: known });
  if (door === "public") {
    const { address } = await startFunctionUrl((await import("../../lambda/webhook.ts")).handler);
    return notifier({ kind: "listening", lambda: lambda.address, functionUrl: address });
  }
  lambda.serve(START_ARN, { kind: "plain", handler: (await import("../../lambda/front-door.ts")).handler });
  notifier({ kind: "listening", lambda: lambda.address, functionUrl: "" });
}
