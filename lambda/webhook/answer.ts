import type { Started } from "../front-door/start-rollout.ts";
import type { RefusalStatus } from "./refused-delivery-error.ts";

/** An answer in a Function URL's format 2.0. */
export interface WebhookResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
};

export function answerAccepted({ rolloutId, status, joined }: Started): WebhookResponse {
  return answer(202, { rolloutId, status, ...(joined && { joined }) });
}

export function answerNothingToDo(): WebhookResponse {
  return { statusCode: 204, headers: HEADERS };
}

export function answerRefused(status: RefusalStatus, error: string): WebhookResponse {
  const refused = answer(status, { error });
  return status === 405 ? { ...refused, headers: { ...refused.headers, allow: "POST" } } : refused;
}

/** Asks the sender to send the delivery again. */
export function answerUnavailable(): WebhookResponse {
  const error = "an internal error occurred; send the delivery again in a minute: both deliveries are one rollout";
  const failed = answer(503, { error });
  return { ...failed, headers: { ...failed.headers, "retry-after": "60" } };
}

function answer(statusCode: number, body: object): WebhookResponse {
  const headers = { ...HEADERS, "content-type": "application/json; charset=utf-8" };
  return { statusCode, headers, body: JSON.stringify(body) };
}
