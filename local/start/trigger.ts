/** What can deliver the event of a local run. */
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

/** A webhook's source in the sandbox's policy. */
export const SOURCES: Readonly<Record<WebhookTrigger, string>> = { github: "github", webhook: "ci" };
