import { randomUUID } from "node:crypto";
import { sign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import type { Trigger, WebhookTrigger } from "./trigger.ts";

export interface Payload {
  readonly what: string;
  readonly payload: unknown;
}

export interface SignedDelivery {
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ACCOUNT = "000000000000";

/** A deploy event as an AWS trigger sends it to the front door. */
export function toPayload(trigger: Exclude<Trigger, WebhookTrigger>, event: unknown, jobId: string): Payload {
  switch (trigger) {
    case "console":
      return { what: "a deploy event, as the Lambda console sends it", payload: event };
    case "eventbridge":
      return { what: "an event of EventBridge with the deploy event as its detail", payload: toBridged(event) };
    case "schedule":
      return { what: "an event of EventBridge Scheduler for a time that is now", payload: toScheduled(event) };
    case "codepipeline":
      return {
        what: "a job of CodePipeline with the deploy event as UserParameters",
        payload: toPipelineJob({ id: jobId, event }),
      };
  }
}

function toBridged(detail: unknown) {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Cutover Deploy Event",
    source: "com.example.deploy",
    account: ACCOUNT,
    time: new Date().toISOString(),
    region: "us-east-1",
    resources: [],
    detail,
  };
}

function toScheduled(event: unknown) {
  const arn = `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule/cutover/npm-start`;
  return { schedule: { arn, scheduledTime: new Date().toISOString(), maxAgeMinutes: 30 }, event };
}

interface Job {
  readonly id: string;
  readonly event: unknown;
  /** From the answer to the previous job of the action. */
  readonly continuationToken?: string;
}

/** A job of CodePipeline's Lambda action. */
export function toPipelineJob({ id, event, continuationToken }: Job) {
  const configuration = { FunctionName: "front-door", UserParameters: JSON.stringify(event) };
  const data = {
    actionConfiguration: { configuration },
    inputArtifacts: [],
    outputArtifacts: [],
    ...(continuationToken !== undefined && { continuationToken }),
  };
  return { "CodePipeline.job": { id, accountId: ACCOUNT, data } };
}

/** A signed delivery of a CI service to the webhook. */
export function toDelivery(trigger: WebhookTrigger, secret: string): Promise<SignedDelivery> {
  return trigger === "github" ? toGitHubDelivery(secret) : toStandardDelivery(secret);
}

async function toGitHubDelivery(secret: string): Promise<SignedDelivery> {
  const created_at = new Date().toISOString();
  const deployment = { id: 1, sha: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", ref: "2026.11.0", task: "deploy" };
  const body = JSON.stringify({
    action: "created",
    deployment_status: { id: 2, state: "success", environment: "production", created_at },
    deployment: { ...deployment, environment: "production", created_at },
    repository: { full_name: "acme/phone" },
    sender: { login: "octocat" },
  });
  return {
    what: "GitHub's delivery of a deployment_status, signed",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "deployment_status",
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": await sign(secret, body),
    },
  };
}

async function toStandardDelivery(secret: string): Promise<SignedDelivery> {
  const [id, now] = [`msg_${randomUUID()}`, new Date()];
  const data = { environment: "production", version: "2026.11.0" };
  const body = JSON.stringify({ type: "deploy.finished", timestamp: now.toISOString(), data });
  return {
    what: "a deploy.finished by Standard Webhooks, signed",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": new Webhook(secret).sign(id, now, body),
    },
  };
}
