import { createHmac, randomUUID } from "node:crypto";
import { SOURCES, type Trigger, type WebhookTrigger } from "./trigger.ts";

/** What a trigger sends, and what it is to a person. */
export interface Payload {
  readonly what: string;
  readonly payload: unknown;
}

export interface SignedDelivery {
  readonly what: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ACCOUNT = "000000000000";

/** A deploy event as an AWS trigger hands it to the front door. */
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
  readonly event?: unknown;
  /** What the action's last job was answered with. */
  readonly continuationToken?: string;
}

/** A job of CodePipeline's Lambda action. */
export function toPipelineJob({ id, event, continuationToken }: Job) {
  const configuration = { FunctionName: "start", UserParameters: JSON.stringify(event) };
  const data = {
    actionConfiguration: { configuration },
    inputArtifacts: [],
    outputArtifacts: [],
    ...(continuationToken !== undefined && { continuationToken }),
  };
  return { "CodePipeline.job": { id, accountId: ACCOUNT, data } };
}

/** What a CI service sends to the public door, signed at this moment. */
export function toDelivery(trigger: WebhookTrigger, secret: string): SignedDelivery {
  return trigger === "github" ? toGitHubDelivery(secret) : toStandardDelivery(secret);
}

function toGitHubDelivery(secret: string): SignedDelivery {
  const now = new Date().toISOString();
  const body = JSON.stringify({
    action: "created",
    deployment_status: { id: 2, state: "success", environment: "production", created_at: now },
    deployment: {
      id: 1,
      sha: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
      ref: "2026.11.0",
      task: "deploy",
      environment: "production",
      created_at: now,
    },
    repository: { full_name: "acme/phone" },
    sender: { login: "octocat" },
  });
  return {
    what: "GitHub's delivery of a deployment_status, signed",
    path: `/${SOURCES.github}`,
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "deployment_status",
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
  };
}

function toStandardDelivery(secret: string): SignedDelivery {
  const [id, now] = [`msg_${randomUUID()}`, Date.now()];
  const seconds = Math.floor(now / 1_000);
  const data = { environment: "production", version: "2026.11.0" };
  const body = JSON.stringify({ type: "deploy.finished", timestamp: new Date(now).toISOString(), data });
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return {
    what: "a deploy.finished by Standard Webhooks, signed",
    path: `/${SOURCES.webhook}`,
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": `v1,${signature}`,
    },
  };
}
