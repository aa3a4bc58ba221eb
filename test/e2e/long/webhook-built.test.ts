import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
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
  door = await openFrontDoor({ customers: 40, policy });
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
  ({ address } = await ask<{ address: string }>());
});

afterAll(async () => {
  child.disconnect();
  await once(child, "exit");
  await door.close();
  rmSync(folder, { recursive: true });
});

async function ask<Answer>(question?: string): Promise<Answer> {
  if (question !== undefined) child.send(question);
  const [answer] = await once(child, "message");
  return answer as Answer;
}

const measure = async () => (await ask<{ residentBytes: number }>("memory")).residentBytes;
const starts = () => door.world.executions.invocations().filter(({ type }) => type === "Event");

async function post(
  path: string,
  { body = "", headers = {} }: FunctionUrlRequest | { body?: Uint8Array; headers?: object },
) {
  const response = await fetch(address + path, { method: "POST", body, headers: headers as Record<string, string> });
  return { status: response.status, body: await response.text() };
}

test("a thousand random bodies are refused, nothing is started, and memory is flat", async () => {
  const header = fc.constantFrom<readonly [string, string]>(
    ["X-Hub-Signature-256", `sha256=${"a".repeat(64)}`],
    ["X-GitHub-Event", "deployment_status"],
    ["X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"],
    ["webhook-id", "msg_1"],
    ["webhook-timestamp", String(Math.floor(Date.now() / 1000))],
    ["webhook-signature", "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="],
    ["content-type", "text/plain"],
  );
  const delivery = fc.record({
    path: fc.constantFrom("/github", "/ci", "/", "/unknown"),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 20_000 }),
      fc.json().map((json) => Buffer.from(json)),
    ),
    headers: fc.array(header, { maxLength: 7 }),
  });
  const send = (runs: number) =>
    fc.assert(
      fc.asyncProperty(delivery, async ({ path, body, headers }) => {
        const { status } = await post(path, {
          body,
          headers: { "content-type": "application/json", ...Object.fromEntries(headers) },
        });
        return status >= 400 && status < 500;
      }),
      { numRuns: runs },
    );
  await send(300);
  const before = await measure();
  await send(1_000);
  expect((await measure()) - before).toBeLessThan(64 * 1024 * 1024);
  expect(starts()).toEqual([]);
});
test("a signed delivery five times at once flips customers end to end, as one rollout", async () => {
  const delivery = aGitHubDelivery();
  const answers = await Promise.all(Array.from({ length: 5 }, () => post("/github", delivery)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
  await door.world.executions.settled();
  const customers = [...door.world.emulator.customers()].filter(
    ({ accountId }) => accountId === door.world.emulator.accountId,
  );
  expect(customers.filter(({ isStaging }) => isStaging)).toEqual([]);
  expect(Math.max(...customers.map(({ writes }) => writes))).toBe(1);
  const { body } = await post("/github", delivery);
  expect(JSON.parse(body)).toEqual({
    rolloutId: "github_deployment_status-209916254",
    status: "succeeded",
    joined: true,
  });
});
