import { createWebhook } from "../../../lambda/webhook.ts";
import { type LoopbackServer, listenOnLoopback } from "../../../local/aws/loopback.ts";
import { WORKER_ARN } from "../../support/front-door.ts";
import { afterEach, beforeEach, expect, test } from "../../support/jest.ts";
import { TABLE } from "../../support/ledger.ts";
import { startWorld, type World } from "../../support/world.ts";
import { aGitHubDelivery, WEBHOOKS } from "../../unit/lambda/webhook/deliveries.ts";

let world: World;
let silent: LoopbackServer;

beforeEach(async () => {
  world = await startWorld({ customers: 1, policy: { webhooks: { github: WEBHOOKS.github } } });
  silent = await listenOnLoopback(() => new Promise(() => {}));
});

afterEach(async () => {
  await silent.close();
  await world.close();
});

test("when the ledger does not answer, the delivery is answered 503 before GitHub hangs up", async () => {
  const secret = "the first secret of GitHub";
  world.secrets.putSecretValue("cutover/github", secret);
  process.env.AWS_ENDPOINT_URL_DYNAMODB = silent.address;
  const secretIdsBySource = { github: "cutover/github" };
  const webhook = createWebhook({ policy: world.policy, tableName: TABLE, workerArn: WORKER_ARN, secretIdsBySource });
  expect(await webhook(aGitHubDelivery({ secret }))).toMatchObject({ statusCode: 503 });
  expect(world.logs().join("\n")).toContain("WebhookFailed");
});
