import { randomBytes } from "node:crypto";

/** The ways in that a rollout can take; without one its event goes straight to the worker. */
export const TRIGGERS = ["github", "webhook", "schedule", "codepipeline", "eventbridge", "console"] as const;
export type Trigger = (typeof TRIGGERS)[number];
export type WebhookTrigger = Extract<Trigger, "github" | "webhook">;

export function isTrigger(text: string): text is Trigger {
  return (TRIGGERS as readonly string[]).includes(text);
}

/** Of a webhook the policy's mapping says what is started: it brings no deploy event. */
export function isWebhook(trigger: Trigger): trigger is WebhookTrigger {
  return trigger === "github" || trigger === "webhook";
}

/** The name of a webhook's source in the policy, which is the path of its URL too. */
export const SOURCES = { github: "github", webhook: "ci" } as const;

const START = {
  action: "promote",
  targets: { all: true },
  exclude: { cohort: "beta" },
} as const;

/** The policy's `webhooks` of a local run: what the two deliveries mean. */
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

/** Of each webhook trigger, the id of its signing secret. */
export const SIGNING_SECRET_IDS: Readonly<Record<WebhookTrigger, string>> = {
  github: "cutover/webhook/github",
  webhook: "cutover/webhook/ci",
};

/** Secrets that nobody knows before or after the run; one for each webhook trigger. */
export function makeSigningSecrets(): Readonly<Record<WebhookTrigger, string>> {
  return { github: randomBytes(32).toString("hex"), webhook: `whsec_${randomBytes(32).toString("base64")}` };
}
