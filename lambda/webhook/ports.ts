import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Policy } from "../contract/policy.ts";
import type { Accepted } from "./answer.ts";

export type WebhookMetric = "WebhookAccepted" | "WebhookIgnored" | "WebhookFailed" | "SignatureRefused";

/** The effects of the public door. */
export interface WebhookPorts {
  readonly policy: Policy;
  /** The current signing secrets of a source. */
  readSecrets(source: string): Promise<readonly string[]>;
  /** The same without the cache; an empty list when the secrets were read a moment ago. */
  readSecretsAgain(source: string): Promise<readonly string[]>;
  start(event: DeployEvent): Promise<Accepted>;
  readonly log: WebhookLog;
  count(metric: WebhookMetric): void;
}

export interface WebhookLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}
