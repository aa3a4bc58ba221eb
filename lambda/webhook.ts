import { Logger } from "@aws-lambda-powertools/logger";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DOOR_CLIENT_OPTIONS } from "./aws/client-options.ts";
import { createExecutions } from "./aws/executions.ts";
import { createMetricWriter } from "./aws/metric-writer.ts";
import { createSigningSecretReader } from "./aws/signing-secrets.ts";
import { createExecutionStarter } from "./aws/start-execution.ts";
import { readWebhookConfig, type WebhookConfig } from "./config.ts";
import { startRollout } from "./front-door/start-rollout.ts";
import { createLedger } from "./ledger/ledger.ts";
import { openTable } from "./ledger/table.ts";
import type { WebhookResponse } from "./webhook/answer.ts";
import { answerInTime } from "./webhook/answer-in-time.ts";
import type { WebhookMetric, WebhookPorts } from "./webhook/ports.ts";
import type { FunctionUrlRequest } from "./webhook/read-request.ts";
import { receiveDelivery } from "./webhook/receive-delivery.ts";
import { rememberSecrets } from "./webhook/remember-secrets.ts";

type PublicDoor = (request: FunctionUrlRequest) => Promise<WebhookResponse>;

let publicDoor: PublicDoor | undefined;

/**
 * The public door for CI webhooks: takes a signed delivery and answers with the rollout that it started. It reads its
 * environment at the first request.
 */
export const handler: PublicDoor = async (request) => {
  publicDoor ??= createWebhook(readWebhookConfig());
  return publicDoor(request);
};

/** The function and GitHub both have a timeout of ten seconds. */
const ANSWER_WITHIN_MS = 8_000;

/**
 * The role needs `secretsmanager:GetSecretValue` on the sources' secrets, `dynamodb:GetItem` on the ledger's table,
 * `lambda:InvokeFunction` on the worker's alias, and `lambda:GetDurableExecution` on the worker's executions.
 */
export function createWebhook(config: WebhookConfig): PublicDoor {
  const ports = buildPorts(config);
  return (request) => answerInTime(ports, receiveDelivery(ports, request), ANSWER_WITHIN_MS);
}

function buildPorts({ policy, secretIdsBySource, tableName, workerArn }: WebhookConfig): WebhookPorts {
  const log = new Logger();
  const write = createMetricWriter<WebhookMetric>();
  const lambda = new LambdaClient(DOOR_CLIENT_OPTIONS);
  const readSecret = createSigningSecretReader(new SecretsManagerClient(DOOR_CLIENT_OPTIONS));
  const starting = {
    policy,
    ledger: createLedger(openTable(new DynamoDBClient(DOOR_CLIENT_OPTIONS), tableName), policy.baseUrl),
    executions: { start: createExecutionStarter(lambda, workerArn), findEnd: createExecutions(lambda).findEnd },
    log,
    nowMs: Date.now,
  };
  return {
    policy,
    readSecrets: rememberSecrets((source) => readSecret(secretIdsBySource[source] ?? ""), Date.now),
    // The mapping names the source and the sender, and the signature proves both.
    start: (event) => startRollout(starting, event, { identity: event.requestedBy }),
    log,
    count: (metric) => write([[metric, 1]]),
  };
}
