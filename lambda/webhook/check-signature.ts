import { verify } from "@octokit/webhooks-methods";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { WebhookSource } from "../contract/webhook-sources.ts";
import type { WebhookRequest } from "./read-request.ts";

/** `unusable`: the secret itself is malformed. */
export type SignatureCheck = "right" | "wrong" | "unusable";

/** Whether a request has the headers of a signature of this kind; without them no secret is read. */
export function hasSignature(kind: WebhookSource["kind"], { header }: WebhookRequest): boolean {
  switch (kind) {
    case "github":
      return /^sha256=[\da-f]{64}$/.test(header("x-hub-signature-256"));
    case "standard":
      return (
        /^[\x21-\x7e]{1,256}$/.test(header("webhook-id")) &&
        /^\d{1,12}$/.test(header("webhook-timestamp")) &&
        // A sender that rotates its secret sends two signatures; ten are enough.
        /^[\w+/=]{1,20},[\w+/=]{1,200}(?: [\w+/=]{1,20},[\w+/=]{1,200}){0,9}$/.test(header("webhook-signature"))
      );
  }
}

/** Compares in constant time, with the libraries of the senders. Standard Webhooks also limits the age to five minutes. */
export async function checkSignature(
  kind: WebhookSource["kind"],
  { body, header }: WebhookRequest,
  secret: string,
): Promise<SignatureCheck> {
  switch (kind) {
    case "github":
      return (await verify(secret, body, header("x-hub-signature-256"))) ? "right" : "wrong";
    case "standard":
      return checkStandard(body, header, secret);
  }
}

const STANDARD_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"];

function checkStandard(body: string, header: WebhookRequest["header"], secret: string): SignatureCheck {
  try {
    const headers = Object.fromEntries(STANDARD_HEADERS.map((name) => [name, header(name)]));
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return "right";
  } catch (error) {
    return error instanceof WebhookVerificationError ? "wrong" : "unusable";
  }
}
