import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { GetDurableExecutionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { type Right, rightFor } from "../../lambda/contract/rights.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import { FRONT_DOOR_ARN } from "../sandbox/functions.ts";
import { LocalRunError } from "./local-run-error.ts";
import { toDelivery, toPayload, toPipelineJob } from "./payloads.ts";
import type { Services } from "./services.ts";
import { isWebhook, type Trigger, type WebhookTrigger } from "./trigger.ts";
import { type LogLine, readLog, startWorker, type WorkerAnswer, type WorkerMessage } from "./worker-process.ts";

export interface TriggeredListener {
  readonly onLog: (line: LogLine) => void;
  /** Gets one sentence for each answer of the door; CodePipeline gets two answers. */
  readonly onAnswer: (sentence: string) => void;
}

type DoorAnswer = { readonly sentence: string; readonly refusal?: string };

type Listening = Extract<WorkerMessage, { kind: "listening" }>;

const POLL_MS = 50;
const PATIENCE_MS = 1_000;

/** Sends a trigger's payload to its door, which starts the worker. Door and worker run in one child process. */
export async function runTriggered(
  { trigger, event }: { readonly trigger: Trigger; readonly event: unknown },
  services: Services,
  { stack, onLog, onAnswer }: TriggeredListener & { readonly stack: AsyncDisposableStack },
): Promise<WorkerAnswer> {
  const { environment } = services;
  const child = startWorker(["door", isWebhook(trigger) ? "public" : "front"], environment);
  stack.defer(() => child.stop());
  readLog(child, onLog);
  const running = Promise.withResolvers<string>();
  child.process.on("message", (message: WorkerMessage) => {
    if (message.kind !== "running") return;
    onLog({ message: "execution running" });
    running.resolve(message.arn);
  });

  const follow = async (): Promise<WorkerAnswer> => {
    const [listening] = (await once(child.process, "message")) as [Listening];
    const client = toLambda(listening.lambda, environment);
    stack.defer(() => client.destroy());
    const { sentence, refusal } = isWebhook(trigger)
      ? await deliver(trigger, listening, services)
      : await invoke(trigger, client, services, event);
    onAnswer(`${trigger}: ${sentence}`);
    if (refusal !== undefined) return { kind: "refused", message: refusal };
    const end = await waitForEnd(client, await running.promise);
    const last = await continueJob(client, services, rightFor(Object(event)));
    if (last !== undefined) onAnswer(`${trigger}: ${last}`);
    return end;
  };
  // When the worker crashes, its connections break first. The crash is the error to report.
  const followed = follow().catch(async (error: unknown) => {
    await Promise.race([child.crash, sleep(PATIENCE_MS, undefined, { ref: false })]);
    throw error;
  });
  return Promise.race([followed, child.crash]);
}

function toLambda(endpoint: string, { AWS_REGION: region = "us-east-1" }: Services["environment"]): LambdaClient {
  return new LambdaClient({
    endpoint,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
}

async function deliver(
  trigger: WebhookTrigger,
  { functionUrl }: Listening,
  { signingSecrets }: Services,
): Promise<DoorAnswer> {
  const { what, path, headers, body } = await toDelivery(trigger, signingSecrets[trigger]);
  const response = await fetch(functionUrl + path, { method: "POST", headers, body });
  const text = await response.text();
  if (response.status !== 202) throw new LocalRunError(`the public door answered ${response.status}: ${text}`);
  return { sentence: `${what}, arrived at POST ${path}; the public door answered 202: ${describe(JSON.parse(text))}` };
}

async function invoke(
  trigger: Exclude<Trigger, WebhookTrigger>,
  client: LambdaClient,
  { pipeline }: Services,
  event: unknown,
): Promise<DoorAnswer> {
  const { what, payload } = toPayload(trigger, event, pipeline.openJob());
  const { isError, answer } = await callFrontDoor(
    client,
    payload,
    trigger === "console" ? undefined : rightFor(Object(event)),
  );
  if (isError) return readError(what, answer as LambdaError);
  const { status, problem } = answer as RolloutState;
  const [put] = pipeline.answers();
  const job = put === undefined ? "" : ` the job with ${put.action}`;
  const sentence = `${what}, arrived; the front door answered${job}: ${describe(answer as RolloutState)}`;
  if (status === "refused") return { sentence, refusal: problem ?? "no reason given" };
  if (status !== "starting") throw new LocalRunError(`the front door started nothing, it answered with ${status}`);
  return { sentence };
}

/** A trigger calls the alias of its right, as deployed; the console's test calls the function. */
async function callFrontDoor(client: LambdaClient, payload: unknown, alias: Right | undefined) {
  const Payload = Buffer.from(JSON.stringify(payload));
  const command = new InvokeCommand({ FunctionName: FRONT_DOOR_ARN, Qualifier: alias, Payload });
  const reply = await client.send(command);
  const answer: unknown = JSON.parse(reply.Payload?.transformToString() ?? "{}");
  return { isError: reply.FunctionError !== undefined, answer };
}

/** CodePipeline sends a new job with the token of an action in progress, until an answer ends the action. */
async function continueJob(client: LambdaClient, { pipeline }: Services, alias: Right): Promise<string | undefined> {
  const continuationToken = pipeline.answers().at(-1)?.continuationToken;
  if (continuationToken === undefined) return undefined;
  const { isError, answer } = await callFrontDoor(
    client,
    toPipelineJob({ id: pipeline.openJob(), continuationToken }),
    alias,
  );
  const put = pipeline.answers().at(-1);
  if (isError || put === undefined) {
    throw new LocalRunError(`the front door failed at the job's continuation: ${(answer as LambdaError).errorMessage}`);
  }
  const why = (put.executionDetails?.summary ?? put.failureDetails?.message ?? "").split("\n", 1);
  return `the next job, with the token of the first, arrived; the front door answered it with ${put.action}: ${why}`;
}

interface LambdaError {
  readonly errorType: string;
  readonly errorMessage: string;
}

interface RolloutState {
  readonly rolloutId?: string;
  readonly status: string;
  readonly problem?: string;
}

/** The sender can correct a refusal; any other error is a fault of this run. */
function readError(what: string, { errorType, errorMessage }: LambdaError): DoorAnswer {
  if (!REFUSALS.includes(errorType)) {
    throw new LocalRunError(`the front door failed with ${errorType}: ${errorMessage}`);
  }
  return { sentence: `${what}, arrived; the front door refused it`, refusal: errorMessage };
}

const REFUSALS: readonly string[] = ["BadDeployEventError", "RefusedError", "ControlsError", "RightsError"];

function describe({ rolloutId, status }: RolloutState): string {
  return rolloutId === undefined ? status : `rollout ${rolloutId} is ${status}`;
}

/** Lambda sends no message when an execution ends, so this function polls. */
async function waitForEnd(client: LambdaClient, arn: string): Promise<WorkerAnswer> {
  for (;;) {
    const execution = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
    const { Status, Result, Error: error } = execution;
    if (Status === "SUCCEEDED") return { kind: "report", report: JSON.parse(Result ?? "null") as Report };
    if (Status !== "RUNNING") {
      const { ErrorType: name = "Error", ErrorMessage: message = "no reason given" } = error ?? {};
      return { kind: "failed", name, message };
    }
    await sleep(POLL_MS);
  }
}
