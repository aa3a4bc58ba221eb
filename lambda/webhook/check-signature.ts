import { verify } from "@octokit/webhooks-methods";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { WebhookSource } from "../contract/webhook-sources.ts";
import type { WebhookRequest } from "./read-request.ts";

interface Scheme {
  /** Whether a request has the headers of a signature; without them no secret is read. */
  isSigned(header: WebhookRequest["header"]): boolean;
  /** What is wrong with a secret, without the secret; undefined when it can be used. */
  findFault(secret: string): string | undefined;
  isRight(request: WebhookRequest, secret: string): Promise<boolean>;
}

/** Standard Webhooks asks for a key of this many bytes: a shorter key can be guessed. */
const KEY_BYTES = { least: 24, most: 64 } as const;

/**
 * How the senders of each kind sign. Their libraries compare in constant time; that of Standard Webhooks also limits the
 * age to five minutes.
 */
export const SIGNATURES: Readonly<Record<WebhookSource["kind"], Scheme>> = {
  github: {
    isSigned: (header) => /^sha256=[\da-f]{64}$/.test(header("x-hub-signature-256")),
    findFault: () => undefined,
    isRight: ({ body, header }, secret) => verify(secret, body, header("x-hub-signature-256")),
  },
  standard: {
    isSigned: (header) =>
      /^[\x21-\x7e]{1,256}$/.test(header("webhook-id")) &&
      /^\d{1,12}$/.test(header("webhook-timestamp")) &&
      // A sender that rotates its secret sends two signatures; ten are enough.
      /^[\w+/=]{1,20},[\w+/=]{1,200}(?: [\w+/=]{1,20},[\w+/=]{1,200}){0,9}$/.test(header("webhook-signature")),
    findFault: (secret) => {
      const base64 = secret.replace(/^whsec_/, "");
      if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/.test(base64))
        return "it is not base64";
      const { length } = Buffer.from(base64, "base64");
      const { least, most } = KEY_BYTES;
      return length < least || length > most ? `its key has ${length} bytes` : undefined;
    },
    isRight: async ({ body, header }, secret) => {
      try {
        const headers = Object.fromEntries(STANDARD_HEADERS.map((name) => [name, header(name)]));
        new Webhook(secret).verify(body, headers, { jsonParse: false });
        return true;
      } catch (error) {
        if (error instanceof WebhookVerificationError) return false;
        throw error;
      }
    },
  },
};

const STANDARD_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"];
