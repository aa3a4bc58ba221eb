import { verify } from "@octokit/webhooks-methods";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { WebhookSource } from "../contract/webhook-sources.ts";
import type { WebhookRequest } from "./read-request.ts";

/** `unusable`: the secret itself is malformed. */
export type SignatureCheck = "right" | "wrong" | "unusable";

interface Scheme {
  /** Whether a request has the headers of a signature; without them no secret is read. */
  isSigned(header: WebhookRequest["header"]): boolean;
  check(request: WebhookRequest, secret: string): Promise<SignatureCheck>;
}

/**
 * How the senders of each kind sign. Their libraries compare in constant time; that of Standard Webhooks also limits the
 * age to five minutes.
 */
export const SIGNATURES: Readonly<Record<WebhookSource["kind"], Scheme>> = {
  github: {
    isSigned: (header) => /^sha256=[\da-f]{64}$/.test(header("x-hub-signature-256")),
    check: async ({ body, header }, secret) =>
      (await verify(secret, body, header("x-hub-signature-256"))) ? "right" : "wrong",
  },
  standard: {
    isSigned: (header) =>
      /^[\x21-\x7e]{1,256}$/.test(header("webhook-id")) &&
      /^\d{1,12}$/.test(header("webhook-timestamp")) &&
      // A sender that rotates its secret sends two signatures; ten are enough.
      /^[\w+/=]{1,20},[\w+/=]{1,200}(?: [\w+/=]{1,20},[\w+/=]{1,200}){0,9}$/.test(header("webhook-signature")),
    check: async ({ body, header }, secret) => {
      try {
        const headers = Object.fromEntries(STANDARD_HEADERS.map((name) => [name, header(name)]));
        new Webhook(secret).verify(body, headers, { jsonParse: false });
        return "right";
      } catch (error) {
        return error instanceof WebhookVerificationError ? "wrong" : "unusable";
      }
    },
  },
};

const STANDARD_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"];
