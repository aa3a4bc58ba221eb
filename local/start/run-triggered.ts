import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { GetDurableExecutionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { Report } from "../../lambda/core/report/report.ts";
import { startChild } from "./child.ts";
import { START_ARN } from "./functions.ts";
import { LocalRunError } from "./local-run-error.ts";
import { toDelivery, toPayload, toPipelineJob } from "./payloads.ts";
import type { Services, Triggered } from "./services.ts";
import { isWebhook, type Trigger, type WebhookTrigger } from "./trigger.ts";
import { type LogLine, readLog, type WorkerAnswer, type WorkerMessage } from "./worker-process.ts";

export interface TriggeredListener {
  readonly onLog: (line: LogLine) => void;
  /** Hears what arrived and what the door answered: once, and of a pipeline's job, which asks again, twice. */
  readonly onAnswer: (sentence: string) => void;
}

/** What a door said at once: that a rollout starts, or why none does. */
type DoorAnswer = { readonly sentence: string; readonly refusal?: string };

type Listening = Extract<WorkerMessage, { kind: "listening" }>;

const LOOK_AGAIN_MS = 50;
const PATIENCE_MS = 1_000;

/** Sends what a trigger sends to the door that it knocks at; the door starts the worker, both in a process of their own. */
export async function runTriggered(
  event: unknown,
  { environment }: Services,
  triggered: Triggered,
  { stack, onLog, onAnswer }: TriggeredListener & { readonly stack: AsyncDisposableStack },
): Promise<WorkerAnswer> {
  const { trigger } = triggered;
  const script = new URL("./worker.ts", import.meta.url);
  const args = [isWebhook(trigger) ? "public" : "front"];
  const child = startChild({ what: "the worker", script, args, environment });
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
      ? await deliver(trigger, listening, triggered)
      : await invoke(trigger, client, triggered, event);
    onAnswer(`${trigger}: ${sentence}`);
    if (refusal !== undefined) return { kind: "refused", message: refusal };
    const end = await waitForEnd(client, await running.promise);
    const last = await continueJob(client, triggered);
    if (last !== undefined) onAnswer(`${trigger}: ${last}`);
    return end;
  };
  // A worker that ends breaks its connections first; what is to be told is that it ended.
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
  { signingSecrets }: Triggered,
): Promise<DoorAnswer> {
  const { what, path, headers, body } = toDelivery(trigger, signingSecrets[trigger]);
  const response = await fetch(functionUrl + path, { method: "POST", headers, body });
  const text = await response.text();
  if (response.status !== 202) throw new LocalRunError(`the public door answered ${response.status}: ${text}`);
  return { sentence: `${what}, arrived at POST ${path}; the public door answered 202: ${describe(JSON.parse(text))}` };
}

async function invoke(
  trigger: Exclude<Trigger, WebhookTrigger>,
  client: LambdaClient,
  { pipeline }: Triggered,
  event: unknown,
): Promise<DoorAnswer> {
  const { what, payload } = toPayload(trigger, event, pipeline.openJob());
  const { isError, answer } = await callFrontDoor(client, payload);
  if (isError) return readError(what, answer as LambdaError);
  const { status, problem } = answer as Standing;
  const [told] = pipeline.answers();
  const job = told === undefined ? "" : ` the job with ${told.action}`;
  const sentence = `${what}, arrived; the front door answered${job}: ${describe(answer as Standing)}`;
  if (status === "refused") return { sentence, refusal: problem ?? "it gave no reason" };
  if (status !== "starting") throw new LocalRunError(`the front door started nothing, it answered with ${status}`);
  return { sentence };
}

async function callFrontDoor(client: LambdaClient, payload: unknown) {
  const command = new InvokeCommand({ FunctionName: START_ARN, Payload: Buffer.from(JSON.stringify(payload)) });
  const { FunctionError, Payload } = await client.send(command);
  const answer: unknown = JSON.parse(Payload?.transformToString() ?? "{}");
  return { isError: FunctionError !== undefined, answer };
}

/** CodePipeline hands the token of an action that is in progress back with a new job, until one says how it ended. */
async function continueJob(client: LambdaClient, { pipeline }: Triggered): Promise<string | undefined> {
  const continuationToken = pipeline.answers().at(-1)?.continuationToken;
  if (continuationToken === undefined) return undefined;
  const { isError, answer } = await callFrontDoor(client, toPipelineJob({ id: pipeline.openJob(), continuationToken }));
  const told = pipeline.answers().at(-1);
  if (isError || told === undefined) {
    throw new LocalRunError(`the front door failed at the job's continuation: ${(answer as LambdaError).errorMessage}`);
  }
  const why = told.executionDetails?.summary ?? told.failureDetails?.message;
  return `the next job, with the token of the first, arrived; the front door answered it with ${told.action}: ${why}`;
}

interface LambdaError {
  readonly errorType: string;
  readonly errorMessage: string;
}

interface Standing {
  readonly rolloutId?: string;
  readonly status: string;
  readonly problem?: string;
}

/** A refusal is the sender's to mend; anything else is broken here. */
function readError(what: string, { errorType, errorMessage }: LambdaError): DoorAnswer {
  if (!REFUSALS.includes(errorType)) {
    throw new LocalRunError(`the front door failed with ${errorType}: ${errorMessage}`);
  }
  return { sentence: `${what}, arrived; the front door refused it`, refusal: errorMessage };
}

const REFUSALS: readonly string[] = ["BadDeployEventError", "RefusedError", "ControlsError"];

function describe({ rolloutId, status }: Standing): string {
  return rolloutId === undefined ? status : `rollout ${rolloutId} is ${status}`;
}

/** Nobody is told when an execution ends: whoever wants to know asks Lambda. */
async function waitForEnd(client: LambdaClient, arn: string): Promise<WorkerAnswer> {
  for (;;) {
    const execution = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
    const { Status, Result, Error: error } = execution;
    if (Status === "SUCCEEDED") return { kind: "report", report: JSON.parse(Result ?? "null") as Report };
    if (Status !== "RUNNING") {
      const { ErrorType: name = "Error", ErrorMessage: message = "it gave no reason" } = error ?? {};
      return { kind: "failed", name, message };
    }
    await sleep(LOOK_AGAIN_MS);
  }
}
