import { receiveDelivery } from "../../../../lambda/webhook/receive-delivery.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import {
  aGitHubDelivery,
  aStandardDelivery,
  aWebhookPolicy,
  GITHUB_SECRET,
  STANDARD_SECRET,
  withHeaders,
} from "./deliveries.ts";

/** A door whose sources have these secrets. */
function aDoorWith(secrets: readonly string[]) {
  const counted: string[] = [];
  const logged: unknown[] = [];
  const note = (message: string, fields: object) => logged.push({ message, ...fields });
  const ports = {
    policy: aWebhookPolicy(),
    readSecrets: async () => secrets,
    start: async () => ({ rolloutId: "r", status: "starting" as const }),
    log: { info: note, error: note },
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
  const broken = "whsec_MTIz NDU2Nw!";
  const short = "whsec_MTIzNDU2Nw";
  const keyOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;

  test.each([
    ["alone", [broken], "it is not base64"],
    ["beside another, which did not sign", [broken, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], "it is not base64"],
    ["with the version of a signature", [`v1,${STANDARD_SECRET}`], "it is not base64"],
    ["too short to be a secret", [short], "its key has 7 bytes"],
    ["a byte too short", [keyOf(23)], "its key has 23 bytes"],
    ["a byte too long", [keyOf(65)], "its key has 65 bytes"],
  ])("%s asks the sender to try again, and the failure is counted", async (_how, secrets, cause) => {
    const { send, counted, logged } = aDoorWith(secrets);
    const [secret = ""] = secrets;
    expect(await send(aStandardDelivery({ secret }))).toMatchObject({ statusCode: 503 });
    expect(counted).toEqual(["WebhookFailed"]);
    expect(JSON.stringify(logged)).toContain(`a signing secret of the source ci cannot be used: ${cause}`);
    expect(JSON.stringify(logged)).not.toMatch(/MTIz|MfKQ/);
  });

  test.each([keyOf(24), keyOf(64), keyOf(25).replace(/=+$/, "")])("is not %s", async (secret) => {
    const { send } = aDoorWith([secret]);
    expect(await send(aStandardDelivery({ secret }))).toMatchObject({ statusCode: 202 });
  });

  test("does no harm when the secret that signed is there too", async () => {
    const { send } = aDoorWith([broken, STANDARD_SECRET]);
    expect(await send(aStandardDelivery())).toMatchObject({ statusCode: 202 });
  });
});
