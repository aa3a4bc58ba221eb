import { createHmac } from "node:crypto";
import { parsePolicy } from "../../../../lambda/config.ts";
import type { FlipEvent } from "../../../../lambda/contract/deploy-event.ts";
import type { Started } from "../../../../lambda/front-door/start-rollout.ts";
import type { FunctionUrlRequest } from "../../../../lambda/webhook/read-request.ts";
import { receiveDelivery } from "../../../../lambda/webhook/receive-delivery.ts";

export const GITHUB_SECRET = "It's a Secret to Everybody";
/** The key and the message id of Standard Webhooks' own tests. */
export const STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";

/** Two sources, each with one mapping that nearly every test needs. */
export const WEBHOOKS = {
  github: {
    kind: "github",
    mappings: [
      {
        event: "deployment_status",
        when: { repository: "Codertocat/Hello-World", environment: "production", state: "success" },
        start: { action: "promote", targets: { all: true }, release: { from: "ref" } },
      },
    ],
  },
  ci: {
    kind: "standard",
    mappings: [
      {
        type: "deploy.finished",
        when: { "data.environment": "staging" },
        start: { action: "stage", targets: { cohort: "canary" }, release: { from: "data.version" } },
      },
    ],
  },
};

export const aWebhookPolicy = (changes: Readonly<Record<string, unknown>> = {}) =>
  parsePolicy({
    baseUrl: "https://evovoice.io",
    accountIds: ["5f2b8c1e9d3a4b0012345678"],
    cohorts: { canary: { tags: ["canary"] } },
    webhooks: WEBHOOKS,
    ...changes,
  });

/** A request as a Function URL hands it over. */
export function aRequest(changes: FunctionUrlRequest & { readonly method?: string } = {}): FunctionUrlRequest {
  const { method = "POST", ...rest } = changes;
  return {
    rawPath: "/github",
    headers: { "content-type": "application/json" },
    body: "{}",
    isBase64Encoded: false,
    requestContext: { http: { method } },
    ...rest,
  };
}

/** A delivery of GitHub, signed. `body` is the exact body instead of a payload's. */
export function aGitHubDelivery({
  event = "deployment_status",
  deliveryId = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  secret = GITHUB_SECRET,
  payload = aDeploymentStatus() as unknown,
  body = JSON.stringify(payload),
} = {}): FunctionUrlRequest {
  return aRequest({
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": deliveryId,
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
  });
}

const DEPLOYED: unknown = { type: "deploy.finished", data: { environment: "staging", version: "2026.12.0" } };

/** A delivery by Standard Webhooks, signed. */
export function aStandardDelivery({
  id = MESSAGE_ID,
  seconds = Math.floor(Date.now() / 1000),
  secret = STANDARD_SECRET,
  payload = DEPLOYED,
  body = JSON.stringify(payload),
} = {}): FunctionUrlRequest {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return aRequest({
    rawPath: "/ci",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": `v1,${signature}`,
    },
  });
}

/** What the usual mapping is made for; as GitHub sends it, without the members that are not read. */
export function aDeploymentStatus({ state = "success", ref = "2026.11.0", id = 209_916_254 } = {}) {
  return {
    action: "created",
    deployment_status: { id, state, environment: "production", created_at: new Date().toISOString() },
    deployment: {
      id: 145_988_746,
      sha: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
      ref,
      task: "deploy",
      environment: "production",
      created_at: "2026-11-23T10:00:00Z",
    },
    repository: { full_name: "Codertocat/Hello-World" },
    sender: { login: "Codertocat" },
  };
}

interface DoorOptions {
  readonly webhooks?: unknown;
  readonly secrets?: Readonly<Record<string, readonly string[]>>;
  readonly start?: (event: FlipEvent) => Promise<Started>;
}

/** The door with a start that only notes what it would have started. */
export function aDoor({ webhooks = WEBHOOKS, secrets = SECRETS, start }: DoorOptions = {}) {
  const started: FlipEvent[] = [];
  const counted: string[] = [];
  const logged: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  const note = (message: string, fields: Readonly<Record<string, unknown>>) => logged.push({ message, fields });
  const ports = {
    policy: aWebhookPolicy({ webhooks }),
    readSecrets: async (source: string) => secrets[source] ?? [],
    async start(event: FlipEvent) {
      started.push(event);
      return start?.(event) ?? { rolloutId: event.id ?? "", status: "starting" as const };
    },
    log: { info: note, error: note },
    count: (metric: string) => counted.push(metric),
  };
  return { started, counted, logged, send: (request: FunctionUrlRequest) => receiveDelivery(ports, request) };
}

const SECRETS = { github: [GITHUB_SECRET], ci: [STANDARD_SECRET] };

export function withHeaders(
  request: FunctionUrlRequest,
  headers: Readonly<Record<string, string | undefined>>,
): FunctionUrlRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}
