import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Policy } from "../contract/policy.ts";
import type { Accepted } from "./answer.ts";

/** The metrics that alarms watch. */
export type WebhookMetric = "WebhookAccepted" | "WebhookIgnored" | "WebhookFailed" | "SignatureRefused";

/** The effects of the public door. */
export interface WebhookPorts {
  readonly policy: Policy;
  /** The secrets that a source may sign with now. */
  readSecrets(source: string): Promise<readonly string[]>;
  /** The same afresh; none when they were read a moment ago. */
  readSecretsAgain(source: string): Promise<readonly string[]>;
  /** The same event starts the same rollout. */
  start(event: DeployEvent): Promise<Accepted>;
  readonly log: WebhookLog;
  count(metric: WebhookMetric): void;
}

export interface WebhookLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  error(message: string, fields: Readonly<Record<string, unknown>>): void;
}
