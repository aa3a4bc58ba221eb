import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DOOR_CLIENT_OPTIONS } from "./aws/client-options.ts";
import { createExecutions } from "./aws/executions.ts";
import { createSigningSecretReader } from "./aws/signing-secrets.ts";
import { createExecutionStarter } from "./aws/start-execution.ts";
import { readWebhookConfig, type WebhookConfig } from "./config.ts";
import { startRollout } from "./front-door/start-rollout.ts";
import { createLedger } from "./ledger/ledger.ts";
import { openTable } from "./ledger/table.ts";
import type { WebhookResponse } from "./webhook/answer.ts";
import { answerInTime } from "./webhook/answer-in-time.ts";
import type { WebhookPorts } from "./webhook/ports.ts";
import type { FunctionUrlRequest } from "./webhook/read-request.ts";
import { receiveDelivery } from "./webhook/receive-delivery.ts";
import { rememberSecrets } from "./webhook/remember-secrets.ts";

type PublicDoor = (request: FunctionUrlRequest) => Promise<WebhookResponse>;

let publicDoor: PublicDoor | undefined;

/**
 * The public door for CI webhooks: a signed delivery to the Function URL in, the rollout that it started out. Reads its
 * environment at the first request.
 */
export const handler: PublicDoor = async (request) => {
  publicDoor ??= createWebhook(readWebhookConfig());
  return publicDoor(request);
};

/** The function's own time, and GitHub's, is ten seconds. */
const ANSWER_WITHIN_MS = 8_000;

/**
 * Joins the public door with its edges. Its role needs
 * `secretsmanager:GetSecretValue` on the sources' secrets, `dynamodb:GetItem` on the ledger's table and
 * `lambda:InvokeFunction` on the worker's alias. A delivery always has an id: so no execution is looked at.
 */
export function createWebhook(config: WebhookConfig): PublicDoor {
  const metrics = new Metrics({ namespace: "Cutover" });
  const ports = buildPorts(config, metrics);
  return async (request) => {
    const answer = await answerInTime(ports, receiveDelivery(ports, request), ANSWER_WITHIN_MS);
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    return answer;
  };
}

function buildPorts(
  { policy, secretIdsBySource, tableName, workerArn }: WebhookConfig,
  metrics: Metrics,
): WebhookPorts {
  const log = new Logger();
  const lambda = new LambdaClient(DOOR_CLIENT_OPTIONS);
  const readSecret = createSigningSecretReader(new SecretsManagerClient(DOOR_CLIENT_OPTIONS));
  const starting = {
    policy,
    ledger: createLedger(openTable(new DynamoDBClient(DOOR_CLIENT_OPTIONS), tableName), policy.baseUrl),
    executions: { start: createExecutionStarter(lambda, workerArn), findEnd: createExecutions(lambda).findEnd },
    log,
    nowMs: Date.now,
  };
  const { readSecrets, readSecretsAgain } = rememberSecrets(
    (source) => readSecret(secretIdsBySource[source] ?? ""),
    Date.now,
  );
  return {
    policy,
    readSecrets,
    readSecretsAgain,
    start: (event) => startRollout(starting, event),
    log,
    count: (metric) => metrics.addMetric(metric, MetricUnit.Count, 1),
  };
}
