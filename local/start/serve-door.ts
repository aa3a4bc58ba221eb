import { RIGHTS } from "../../lambda/contract/rights.ts";
import { startFunctionUrl } from "../aws/function-url.ts";
import { startLambdaExecutions } from "../aws/lambda-executions.ts";
import { registerExecutions } from "../durable/register-execution.ts";
import { FRONT_DOOR_ARN, WORKER_ARN } from "../sandbox/functions.ts";
import type { WorkerMessage } from "./worker-process.ts";

/**
 * Serves the shipped functions: the worker and the front door with Lambda's protocol, the webhook with a Function URL.
 * The environment configures the functions; only Lambda's address is set here.
 */
export async function serveDoor(door: string, sendToParent: (message: WorkerMessage) => void): Promise<void> {
  const lambda = await startLambdaExecutions();
  process.env.AWS_ENDPOINT_URL_LAMBDA = lambda.address;
  const { handler } = await import("../../lambda/worker.ts");
  const known = registerExecutions(handler, {
    running: (arn) => sendToParent({ kind: "running", arn }),
    ended: (arn, status) => sendToParent({ kind: "ended", arn, status }),
  });
  lambda.serve(WORKER_ARN, { kind: "durable", handler: known });
  if (door === "public") {
    const { address } = await startFunctionUrl((await import("../../lambda/webhook.ts")).handler);
    return sendToParent({ kind: "listening", lambda: lambda.address, functionUrl: address });
  }
  const { handler: frontDoor } = await import("../../lambda/front-door.ts");
  lambda.serve(FRONT_DOOR_ARN, { kind: "plain", handler: frontDoor, aliases: RIGHTS });
  sendToParent({ kind: "listening", lambda: lambda.address, functionUrl: "" });
}
