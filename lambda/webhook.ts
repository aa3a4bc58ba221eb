import { buildWebhook } from "./build-webhook.ts";
import { readWebhookConfig } from "./config.ts";

/** The public door for CI webhooks: a signed delivery in, the rollout that it started out. */
export const handler = buildWebhook(readWebhookConfig());
