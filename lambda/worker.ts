import { setTimeout as sleep } from "node:timers/promises";
import {
  DurableExecutionApiClient,
  type DurableLambdaHandler,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";
import { Logger } from "@aws-lambda-powertools/logger";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { createAlarmReader } from "./aws/alarms.ts";
import { CLIENT_OPTIONS } from "./aws/client-options.ts";
import { createExecutions } from "./aws/executions.ts";
import { createNotifier, NOTIFIER_CLIENT_OPTIONS } from "./aws/notifier.ts";
import { createLoginReader } from "./aws/secrets.ts";
import { createWorkerMetrics } from "./aws/worker-metrics.ts";
import { type Config, readConfig } from "./config.ts";
import { createEvoVoice } from "./evovoice/evo-voice.ts";
import { createLedger } from "./ledger/ledger.ts";
import { openTable } from "./ledger/table.ts";
import type { Ports } from "./steps/ports.ts";
import { retryStaleToken } from "./workflow/retry-stale-token.ts";
import { runRollout } from "./workflow/run-rollout.ts";

let worker: DurableLambdaHandler | undefined;

/** The durable worker: takes a deploy event and returns a report. It reads its environment at the first invocation. */
export const handler: DurableLambdaHandler = async (event, context) => {
  worker ??= createWorker(readConfig());
  return worker(event, context);
};

export function createWorker(config: Config): DurableLambdaHandler {
  const metrics = createWorkerMetrics();
  const ports = buildPorts(config, metrics);
  const durableExecutionClient = retryStaleToken(new DurableExecutionApiClient());
  return withDurableExecution(
    async (input: unknown, context) => {
      const report = await runRollout(ports, input, context);
      metrics.countRollout(report);
      return report;
    },
    { durableExecutionClient },
  );
}

function buildPorts(
  { policy, secretId, tableName, dashboardUrl, ...notifications }: Config,
  metrics: ReturnType<typeof createWorkerMetrics>,
): Ports {
  const log = new Logger();
  const ledger = createLedger(openTable(new DynamoDBClient(CLIENT_OPTIONS), tableName), policy.baseUrl);
  const evoVoice = createEvoVoice({
    baseUrl: policy.baseUrl,
    retries: policy.retries,
    session: {
      ...ledger,
      readLogin: createLoginReader(new SecretsManagerClient(CLIENT_OPTIONS), secretId),
      countRefusal: metrics.countSignInRefused,
    },
  });
  const executions = createExecutions(new LambdaClient(CLIENT_OPTIONS));
  return {
    policy,
    ledger,
    evoVoice,
    executions,
    readAlarms: createAlarmReader(new CloudWatchClient(CLIENT_OPTIONS)),
    notifier: buildNotifier(notifications, log),
    log,
    dashboardUrl,
    nowMs: Date.now,
    sleep: (ms) => sleep(ms, undefined, { ref: false }),
  };
}

export function buildNotifier(
  { eventBus, topicArn }: Pick<Config, "eventBus" | "topicArn">,
  log: Pick<Logger, "error">,
) {
  return createNotifier({
    ...(eventBus !== undefined && { bus: { client: new EventBridgeClient(NOTIFIER_CLIENT_OPTIONS), name: eventBus } }),
    ...(topicArn !== undefined && { topic: { client: new SNSClient(NOTIFIER_CLIENT_OPTIONS), arn: topicArn } }),
    log: { error: (message, fields) => log.error(message, fields) },
    metrics: createWorkerMetrics(),
  });
}
