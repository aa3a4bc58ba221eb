import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWebhookConfig } from "../../../lambda/config.ts";
import { afterAll, beforeAll, expect, test } from "../../support/jest.ts";
import { WEBHOOKS } from "./webhook/deliveries.ts";

const folder = mkdtempSync(join(tmpdir(), "cutover-webhook-"));
const file = join(folder, "policy.json");
const POLICY = {
  baseUrl: "https://evovoice.io",
  accountIds: ["5f2b8c1e9d3a4b0012345678"],
  cohorts: { canary: { tags: ["canary"] } },
  webhooks: WEBHOOKS,
};
const read = (secrets: string | undefined) =>
  readWebhookConfig({
    CUTOVER_TABLE_NAME: "ledger",
    CUTOVER_POLICY_FILE: file,
    CUTOVER_WORKER_ARN: "arn:aws:lambda:us-east-1:000000000000:function:cutover:live",
    CUTOVER_WEBHOOK_SECRETS: secrets,
  });

beforeAll(() => writeFileSync(file, JSON.stringify(POLICY)));
afterAll(() => rmSync(folder, { recursive: true }));

test("the public door needs the front door's environment and a secret for each source", () => {
  const secrets = { github: "cutover/webhook/github", ci: "arn:aws:secretsmanager:us-east-1:0:secret:ci-AbCdEf" };
  expect(read(JSON.stringify(secrets))).toMatchObject({ tableName: "ledger", secretIdsBySource: secrets });
});

test("a source without a secret is refused before a delivery comes", () => {
  expect(() => read('{"github": "cutover/webhook/github"}')).toThrow(
    "CUTOVER_WEBHOOK_SECRETS: got no secret for ci; expected one for every source of the policy's webhooks",
  );
});

test.each([undefined, "", "github=x", "[]", '{"github": 1}', '{"github": " ", "ci": "x"}'])(
  "%j in place of the secrets' ids is refused with an example",
  (secrets) => {
    expect(() => read(secrets)).toThrow(
      /CUTOVER_WEBHOOK_SECRETS.*expected a JSON object of secret ids by webhook source/,
    );
  },
);
