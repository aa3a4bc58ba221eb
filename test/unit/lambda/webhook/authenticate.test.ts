import { describe, expect, test } from "../../../support/jest.ts";
import { aDoor, aStandardDelivery, STANDARD_SECRET } from "./deliveries.ts";

const BROKEN = "whsec_MTIz NDU2Nw!";
const keyOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;

describe("a secret that Standard Webhooks cannot use", () => {
  test.each([
    ["alone", [BROKEN], "it is not base64"],
    ["beside another, which did not sign", [BROKEN, keyOf(24)], "it is not base64"],
    ["with the version of a signature", [`v1,${STANDARD_SECRET}`], "it is not base64"],
    ["a byte too short", [keyOf(23)], "its key has 23 bytes"],
    ["a byte too long", [keyOf(65)], "its key has 65 bytes"],
  ])("%s asks the sender to try again, and the failure is counted", async (_how, secrets, cause) => {
    const { send, counted, logged } = aDoor({ secrets: { ci: secrets } });
    const [secret = ""] = secrets;
    expect(await send(aStandardDelivery({ secret }))).toMatchObject({ statusCode: 503 });
    expect(counted).toEqual(["WebhookFailed"]);
    expect(JSON.stringify(logged)).toContain(`a signing secret of the source ci cannot be used: ${cause}`);
    expect(JSON.stringify(logged)).not.toMatch(/MTIz|MfKQ|BwcH/);
  });

  test.each([
    ["is not one of 24 bytes", [keyOf(24)], keyOf(24)],
    ["is not one of 64 bytes", [keyOf(64)], keyOf(64)],
    ["is not one without its padding", [keyOf(25).replace(/=+$/, "")], keyOf(25)],
    ["does no harm when the secret that signed is there too", [BROKEN, STANDARD_SECRET], STANDARD_SECRET],
  ])("%s", async (_what, secrets, secret) => {
    const { send } = aDoor({ secrets: { ci: secrets } });
    expect(await send(aStandardDelivery({ secret }))).toMatchObject({ statusCode: 202 });
  });
});
