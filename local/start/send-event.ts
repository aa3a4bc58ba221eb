import type { Door } from "../../cli/connect.ts";
import { EXIT, Failure } from "../../cli/failure.ts";
import type { Followed } from "../../cli/follow.ts";
import { rightFor } from "../../lambda/contract/rights.ts";
import type { Sandbox } from "../sandbox/start-sandbox.ts";
import { toDelivery, toPayload, toPipelineJob } from "./payloads.ts";
import type { StartOptions } from "./read-arguments.ts";
import { isWebhook, SOURCES, type Trigger, type WebhookTrigger } from "./trigger.ts";

interface Deployment {
  readonly sandbox: Sandbox;
  readonly door: Door;
}

interface Answer extends Followed {
  readonly status: string;
  readonly problem?: string;
}

/** Sends the event as its trigger does; with a trigger, `tell` gets one sentence. @throws Failure for a refusal */
export async function sendEvent(
  { trigger, event }: Pick<StartOptions, "trigger" | "event">,
  deployment: Deployment,
  tell: (sentence: string) => void,
): Promise<Followed> {
  if (trigger === undefined) return sendDirectly(deployment.door, event);
  const { sentence, answer } = isWebhook(trigger)
    ? await deliver(trigger, deployment)
    : await invoke(trigger, deployment, event);
  tell(`${trigger}: ${sentence}: ${describe(answer)}`);
  if (answer.status === "starting") return answer;
  throw new Failure(answer.problem ?? `no rollout was started: ${answer.status}`, { exitCode: EXIT.refused });
}

/** As the command line, which gives each event an id. */
export async function sendDirectly(door: Door, event: unknown): Promise<Followed> {
  return (await door.ask({ id: "npm-start", ...Object(event) })) as Followed;
}

async function deliver(trigger: WebhookTrigger, { sandbox: { webhooks } }: Deployment) {
  const { url = "", secret = "" } = webhooks.find(({ source }) => source === SOURCES[trigger]) ?? {};
  const { what, headers, body } = await toDelivery(trigger, secret);
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  if (response.status !== 202) throw new Failure(`the webhook answered ${response.status}: ${text}`);
  const sentence = `${what}, arrived at POST ${new URL(url).pathname}; the webhook answered 202`;
  return { sentence, answer: JSON.parse(text) as Answer };
}

async function invoke(
  trigger: Exclude<Trigger, WebhookTrigger>,
  { door, sandbox: { pipeline } }: Deployment,
  event: unknown,
) {
  const { what, payload } = toPayload(trigger, event, pipeline.openJob());
  // As a rule of EventBridge, which calls one alias, and as a schedule and an action, which call that of their event.
  const right = trigger === "eventbridge" ? "start" : rightFor(Object(event));
  const answer = (await door.ask(Object(payload), right)) as Answer;
  const put = pipeline.answers().at(-1);
  const job = put === undefined ? "" : ` the job with ${put.action}`;
  return { sentence: `${what}, arrived; the front door answered${job}`, answer };
}

/** CodePipeline sends a new job with the token of an action in progress, until an answer ends the action. */
export async function continueJob(
  { door, sandbox: { pipeline } }: Deployment,
  event: unknown,
): Promise<string | undefined> {
  const continuationToken = pipeline.answers().at(-1)?.continuationToken;
  if (continuationToken === undefined) return undefined;
  await door.ask(toPipelineJob({ id: pipeline.openJob(), event, continuationToken }), rightFor(Object(event)));
  const { action = "nothing", executionDetails, failureDetails } = pipeline.answers().at(-1) ?? {};
  const [why] = (executionDetails?.summary ?? failureDetails?.message ?? "").split("\n", 1);
  return `the next job, with the token of the first, arrived; the front door answered it with ${action}: ${why}`;
}

function describe({ rolloutId, status }: Partial<Answer>): string {
  return rolloutId === undefined ? `${status}` : `rollout ${rolloutId} is ${status}`;
}
