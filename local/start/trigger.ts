import { randomBytes } from "node:crypto";

/** The triggers of a local run; without a trigger the event goes straight to the worker. */
export const TRIGGERS = ["github", "webhook", "schedule", "codepipeline", "eventbridge", "console"] as const;
export type Trigger = (typeof TRIGGERS)[number];
export type WebhookTrigger = Extract<Trigger, "github" | "webhook">;

export function isTrigger(text: string): text is Trigger {
  return (TRIGGERS as readonly string[]).includes(text);
}

/** A webhook brings no deploy event: the policy's mapping says which rollout starts. */
export function isWebhook(trigger: Trigger): trigger is WebhookTrigger {
  return trigger === "github" || trigger === "webhook";
}

/** The name of a webhook's source in the policy, which is also the path of its URL. */
export const SOURCES = { github: "github", webhook: "ci" } as const;

const START = {
  action: "promote",
  targets: { all: true },
  exclude: { cohort: "beta" },
} as const;

/** The `webhooks` of a local run's policy, for the two deliveries. */
export const WEBHOOKS = {
  [SOURCES.github]: {
    kind: "github",
    mappings: [
      {
        event: "deployment_status",
        when: { repository: "acme/phone", environment: "production", state: "success" },
        start: { ...START, release: { from: "ref" } },
      },
    ],
  },
  [SOURCES.webhook]: {
    kind: "standard",
    mappings: [
      {
        type: "deploy.finished",
        when: { "data.environment": "production" },
        start: { ...START, release: { from: "data.version" } },
      },
    ],
  },
} as const;

/** The id of the signing secret of each webhook trigger. */
export const SIGNING_SECRET_IDS: Readonly<Record<WebhookTrigger, string>> = {
  github: "cutover/webhook/github",
  webhook: "cutover/webhook/ci",
};

export function makeSigningSecrets(): Readonly<Record<WebhookTrigger, string>> {
  return { github: randomBytes(32).toString("hex"), webhook: `whsec_${randomBytes(32).toString("base64")}` };
}
