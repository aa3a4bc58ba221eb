import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { parsePolicy } from "../../lambda/config.ts";
import { GITHUB_EVENTS } from "../../lambda/webhook/github-delivery.ts";
import { mapDelivery } from "../../lambda/webhook/map-delivery.ts";
import { readStandardDelivery } from "../../lambda/webhook/standard-delivery.ts";
import { expect, test } from "../support/jest.ts";

const text = readFileSync(join(import.meta.dirname, "../../docs/webhooks.md"), "utf8");
const blocksOf = (kind: string) =>
  [...text.matchAll(new RegExp(`\`\`\`json ${kind}\\n(.*?)\\n *\`\`\``, "gs"))].map(([, json]) => JSON.parse(json!));
const policies = blocksOf("policy").map((json) =>
  parsePolicy({ baseUrl: "https://evovoice.io", accountIds: ["5f2b8c1e9d3a4b0012345678"], ...json }),
);

test("every policy of docs/webhooks.md is accepted", () => {
  expect(policies).toHaveLength(4);
});

test("the example of a delivery becomes the event of its mapping", () => {
  const [payload] = blocksOf("payload");
  const policy = policies.find(({ webhooks }) => webhooks?.ci !== undefined)!;
  const delivery = readStandardDelivery("msg_2mYq0oFzJc9v", payload);
  const event = {
    action: "stage",
    release: "2026.12.0",
    targets: [{ cohort: "canary" }],
    notAfter: "2026-11-23T11:00:00.000Z",
    id: "ci_msg_2mYq0oFzJc9v",
  };
  expect(mapDelivery({ name: "ci", source: policy.webhooks!.ci! }, delivery, policy)).toMatchObject({ event });
});

test("the example of a delivery has the right signature", () => {
  const body = /```json payload\n(.*?)\n```/s.exec(text)?.[1] ?? "";
  const [secret = ""] = /whsec_\w{32}/.exec(text) ?? [];
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
  const signedAt = new Date(Number(header("webhook-timestamp")) * 1000);
  expect(signedAt.toISOString()).toBe("2026-11-23T10:00:00.000Z");
  expect(new Webhook(secret).sign(header("webhook-id"), signedAt, body)).toBe(header("webhook-signature"));
});

test("every event that a mapping can name has a row", () => {
  for (const event of GITHUB_EVENTS) expect(text).toContain(`\n| \`${event}\` |`);
});
