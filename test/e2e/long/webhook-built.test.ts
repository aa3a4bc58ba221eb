import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleEntry } from "../../../infra/bundle-entry.ts";
import type { FunctionUrlRequest } from "../../../lambda/webhook/read-request.ts";
import { type FrontDoor, openFrontDoor, WORKER_ARN } from "../../support/front-door.ts";
import { afterAll, beforeAll, expect, test } from "../../support/jest.ts";
import { TABLE } from "../../support/ledger.ts";
import { aGitHubDelivery, GITHUB_SECRET, STANDARD_SECRET, WEBHOOKS } from "../../unit/lambda/webhook/deliveries.ts";

const SECRET_IDS = { github: "cutover/webhook/github", ci: "cutover/webhook/ci" };
const folder = mkdtempSync(join(tmpdir(), "cutover-webhook-"));

let door: FrontDoor;
let child: ChildProcess;
let address = "";

/** The bundle as a deploy uploads it, in a process that has only what its function would have. */
beforeAll(async () => {
  const policy = { webhooks: WEBHOOKS, cohorts: { canary: { tags: ["canary"] } } };
  door = await openFrontDoor({ customers: 10, policy });
  door.world.secrets.putSecretValue(SECRET_IDS.github, GITHUB_SECRET);
  door.world.secrets.putSecretValue(SECRET_IDS.ci, STANDARD_SECRET);
  const bundle = join(folder, "index.mjs");
  bundleEntry("webhook", bundle);
  const policyFile = join(folder, "policy.json");
  writeFileSync(policyFile, JSON.stringify({ ...door.world.policy }));
  child = fork(join(import.meta.dirname, "../../support/built-webhook-process.ts"), [bundle], {
    execArgv: ["--enable-source-maps"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      ...door.world.environment,
      CUTOVER_TABLE_NAME: TABLE,
      CUTOVER_POLICY_FILE: policyFile,
      CUTOVER_WORKER_ARN: WORKER_ARN,
      CUTOVER_WEBHOOK_SECRETS: JSON.stringify(SECRET_IDS),
    },
  });
  const [ready] = await once(child, "message");
  ({ address } = ready as { address: string });
});

afterAll(async () => {
  child.disconnect();
  await once(child, "exit");
  await door.close();
  rmSync(folder, { recursive: true });
});

async function post({ rawPath, body = "", headers }: FunctionUrlRequest) {
  const response = await fetch(address + rawPath, { method: "POST", body, headers: headers as Record<string, string> });
  return { status: response.status, body: await response.text() };
}

test("the built webhook flips customers for a signed delivery, and refuses another signer", async () => {
  expect(await post(aGitHubDelivery({ secret: "another" }))).toMatchObject({ status: 401 });
  expect(door.world.executions.invocations()).toEqual([]);

  const delivery = aGitHubDelivery();
  expect(await post(delivery)).toMatchObject({ status: 202 });
  await door.world.executions.settled();
  const { accountId, customers } = door.world.emulator;
  const ours = [...customers()].filter((customer) => customer.accountId === accountId);
  expect(ours.filter(({ isStaging }) => isStaging)).toEqual([]);
  expect(Math.max(...ours.map(({ writes }) => writes))).toBe(1);
  const { body } = await post(delivery);
  const rolloutId = "github_deployment_status-209916254";
  expect(JSON.parse(body)).toEqual({ rolloutId, status: "succeeded", joined: true });
});
