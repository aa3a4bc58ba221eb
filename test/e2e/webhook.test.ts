import type { FunctionUrlRequest } from "../../lambda/webhook/read-request.ts";
import { createWebhook } from "../../lambda/webhook.ts";
import { startFunctionUrl } from "../../local/aws/function-url.ts";
import type { LoopbackServer } from "../../local/aws/loopback.ts";
import { type FrontDoor, openFrontDoor, WORKER_ARN } from "../support/front-door.ts";
import { afterEach, describe, expect, test } from "../support/jest.ts";
import { TABLE } from "../support/ledger.ts";
import { aDeploymentStatus, aGitHubDelivery, WEBHOOKS } from "../unit/lambda/webhook/deliveries.ts";

const FIRST = "the first secret of GitHub";
const SECOND = "the second secret of GitHub";
const SECRET_IDS = { github: "cutover/webhook/github", ci: "cutover/webhook/ci" };
const STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

interface Public {
  readonly door: FrontDoor;
  readonly url: LoopbackServer;
  post(request: FunctionUrlRequest): Promise<{ status: number; body: string; headers: Headers }>;
  restart(): Promise<void>;
}

let open: Public | undefined;
afterEach(async () => {
  await open?.url.close();
  await open?.door.close();
  open = undefined;
});

/** The whole way: HTTP on loopback, the webhook's function, Lambda, the worker, Evo Voice. */
async function given(customers: number): Promise<Public> {
  const policy = { webhooks: WEBHOOKS, cohorts: { canary: { tags: ["canary"] } } };
  const door = await openFrontDoor({ customers, policy });
  door.world.secrets.putSecretValue(SECRET_IDS.github, FIRST);
  door.world.secrets.putSecretValue(SECRET_IDS.ci, JSON.stringify({ secrets: [STANDARD] }));
  const start = () =>
    startFunctionUrl(
      createWebhook({
        policy: door.world.policy,
        tableName: TABLE,
        workerArn: WORKER_ARN,
        secretIdsBySource: SECRET_IDS,
      }),
    );
  let url = await start();
  open = {
    door,
    get url() {
      return url;
    },
    async post({ rawPath, body, headers = {} }) {
      const sent = Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined);
      const response = await fetch(url.address + rawPath, { method: "POST", body: body ?? null, headers: sent });
      return { status: response.status, body: await response.text(), headers: response.headers };
    },
    async restart() {
      await url.close();
      url = await start();
    },
  };
  return open;
}

const starts = ({ door }: Public) => door.world.executions.invocations().filter(({ type }) => type === "Event");

describe("from a signed delivery over HTTP to flipped customers", () => {
  test("a successful deployment is promoted; the same delivery five times at once is one rollout", async () => {
    const world = await given(60);
    const delivery = aGitHubDelivery({ secret: FIRST });

    const answers = await Promise.all(Array.from({ length: 5 }, () => world.post(delivery)));
    await world.door.world.executions.settled();
    const later = await world.post(delivery);

    const rolloutId = "github_deployment_status-209916254";
    for (const { status, body } of answers) {
      expect(status).toBe(202);
      expect(JSON.parse(body)).toMatchObject({ rolloutId });
    }
    expect(JSON.parse(later.body)).toEqual({ rolloutId, status: "succeeded", joined: true });
    const identity = "Codertocat by webhook github";
    const report = await world.door.send({ command: "status", rolloutId, format: "plain" });
    expect(report).toMatchObject({ requestedBy: identity, via: { identity } });
    expect(report).toMatchObject({ text: expect.stringContaining(`asked by  ${identity}\ncame by   a webhook`) });
    const customers = [...world.door.world.emulator.customers()];
    const ours = customers.filter(({ accountId }) => accountId === world.door.world.emulator.accountId);
    expect(ours.every(({ isStaging, writes }) => !isStaging && writes <= 1)).toBe(true);
    expect(ours.some(({ writes }) => writes === 1)).toBe(true);
    const ledger = await world.door.world.readLedger();
    expect(ledger.filter(({ pk, sk }) => pk === `rollout#${rolloutId}` && sk === "rollout").length).toBeLessThan(2);
    expect(new Set(starts(world).map(({ name }) => name)).size).toBe(1);
  });

  test("when the worker cannot be started the answer is 503, and the same delivery again starts it", async () => {
    const world = await given(3);
    const delivery = aGitHubDelivery({ secret: FIRST });
    world.door.world.executions.failNext(WORKER_ARN, 10, "ServiceException");
    expect(await world.post(delivery)).toMatchObject({ status: 503 });
    world.door.world.executions.failNext(WORKER_ARN, 0, "");
    expect(await world.post(delivery)).toMatchObject({ status: 202 });
  });

  test("a delivery that comes days later is refused, unless its rollout is known", async () => {
    const world = await given(3);
    const payload = aDeploymentStatus({});
    payload.deployment_status.created_at = new Date(Date.now() - 61 * 60_000).toISOString();
    const { status, body } = await world.post(aGitHubDelivery({ secret: FIRST, payload }));
    expect(status).toBe(422);
    expect(JSON.parse(body).error).toMatch(/later than the event's notAfter/);
    expect(starts(world)).toEqual([]);
  });

  test("neither a secret nor a payload's text stands in a log line", async () => {
    const world = await given(3);
    await world.post(aGitHubDelivery({ secret: FIRST, payload: { ...aDeploymentStatus(), private: "PLANTED" } }));
    await world.post(aGitHubDelivery({ secret: SECOND, payload: { private: "PLANTED" } }));
    await world.door.world.executions.settled();
    const logged = world.door.world.logs().join("\n");
    expect(logged).toContain("SignatureRefused");
    expect(logged).not.toMatch(/PLANTED|first secret|second secret/);
  });
});

describe("rotating a secret", () => {
  test("the new and the old one are right at once, by versions or side by side; a third is not", async () => {
    const world = await given(1);
    const { secrets } = world.door.world;
    const statusFor = async (secret: string) => {
      const payload = { zen: "" };
      return (await world.post(aGitHubDelivery({ secret, event: "ping", payload }))).status;
    };
    secrets.putSecretValue(SECRET_IDS.github, `${SECOND}\n`);
    expect([await statusFor(FIRST), await statusFor(SECOND), await statusFor("the third secret")]).toEqual([
      204, 204, 401,
    ]);
    secrets.putSecretValue(SECRET_IDS.github, JSON.stringify({ secrets: ["the third secret", SECOND] }));
    await world.restart();
    expect([await statusFor(SECOND), await statusFor("the third secret"), await statusFor(FIRST)]).toEqual([
      204, 204, 401,
    ]);
  });
});
