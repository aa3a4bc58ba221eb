import { describe, expect, test } from "@jest/globals";
import { receiveDelivery } from "../../../../lambda/webhook/receive-delivery.ts";
import {
  aGitHubDelivery,
  aStandardDelivery,
  aWebhookPolicy,
  GITHUB_SECRET,
  STANDARD_SECRET,
  withHeaders,
} from "./deliveries.ts";

/** A door whose sources have these secrets, and others when they are read again. */
function aDoorWith(secrets: readonly string[], again: readonly string[] = []) {
  const counted: string[] = [];
  const logged: unknown[] = [];
  const note = (message: string, fields: object) => logged.push({ message, ...fields });
  const ports = {
    policy: aWebhookPolicy(),
    readSecrets: async () => secrets,
    readSecretsAgain: async () => again,
    start: async () => ({ rolloutId: "r", status: "starting" }),
    log: { info: note, warn: note, error: note },
    count: (metric: string) => counted.push(metric),
  };
  return { counted, logged, send: (request: Parameters<typeof receiveDelivery>[1]) => receiveDelivery(ports, request) };
}

describe("a delivery without a usable signature is counted", () => {
  const delivery = aGitHubDelivery();
  test.each([
    ["none", withHeaders(delivery, { "x-hub-signature-256": undefined })],
    ["the old one only", withHeaders(delivery, { "x-hub-signature-256": undefined, "x-hub-signature": "sha1=00" })],
    ["a wrong one", aGitHubDelivery({ secret: "another secret of theirs" })],
  ])("%s", async (_which, request) => {
    const { send, counted } = aDoorWith([GITHUB_SECRET]);
    expect(await send(request)).toMatchObject({ statusCode: 401 });
    expect(counted).toEqual(["SignatureRefused"]);
  });

  test("but not for a source that does not exist, because a stranger can invent names", async () => {
    const { send, counted } = aDoorWith([GITHUB_SECRET]);
    await send({ ...withHeaders(delivery, { "x-hub-signature-256": undefined }), rawPath: "/wp-admin" });
    expect(counted).toEqual([]);
  });
});

describe("a secret that Standard Webhooks cannot use", () => {
  const broken = "whsec_this is no base64!";

  test.each([
    ["alone", [broken], []],
    ["beside another, which did not sign", ["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", broken], []],
    ["read a moment ago", [], [broken]],
  ])("%s asks the sender to try again, and the failure is counted", async (_how, secrets, again) => {
    const { send, counted, logged } = aDoorWith(secrets, again);
    expect(await send(aStandardDelivery())).toMatchObject({ statusCode: 503 });
    expect(counted).toEqual(["WebhookFailed"]);
    expect(JSON.stringify(logged)).toMatch(/a signing secret of the source ci cannot be used/);
    expect(JSON.stringify(logged)).not.toMatch(/no base64/);
  });

  test("does no harm when the secret that signed is there too", async () => {
    const { send } = aDoorWith([broken, STANDARD_SECRET]);
    expect(await send(aStandardDelivery())).toMatchObject({ statusCode: 202 });
  });
});
