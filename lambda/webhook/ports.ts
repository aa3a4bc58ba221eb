import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Policy } from "../contract/policy.ts";
import type { Started } from "../front-door/start-rollout.ts";

export type WebhookMetric = "WebhookAccepted" | "WebhookIgnored" | "WebhookFailed" | "SignatureRefused";

/** The effects of the public door. */
export interface WebhookPorts {
  readonly policy: Policy;
  /** The current signing secrets of a source. */
  readSecrets(source: string): Promise<readonly string[]>;
  start(event: DeployEvent): Promise<Started>;
  readonly log: { info: WriteLog; error: WriteLog };
  count(metric: WebhookMetric): void;
}

type WriteLog = (message: string, fields: Readonly<Record<string, unknown>>) => void;
