import { setTimeout as sleep } from "node:timers/promises";
import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { Logger } from "@aws-lambda-powertools/logger";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createAlarmReader } from "./aws/alarms.ts";
import { CLIENT_OPTIONS } from "./aws/client-options.ts";
import { createExecutionReader } from "./aws/executions.ts";
import { createLoginReader } from "./aws/secrets.ts";
import { createWorkerMetrics } from "./aws/worker-metrics.ts";
import { buildTell } from "./build-tell.ts";
import type { Config } from "./config.ts";
import { createEvoVoice } from "./evovoice/evo-voice.ts";
import { createLedger } from "./ledger/ledger.ts";
import { openTable } from "./ledger/table.ts";
import type { Ports } from "./steps/ports.ts";
import { runRollout } from "./workflow.ts";

/** Joins the workflow with its edges: the durable worker, a deploy event in, a report out. */
export function buildWorker(config: Config) {
  const metrics = createWorkerMetrics();
  const ports = buildPorts(config, metrics);
  return withDurableExecution(async (input: unknown, context) => {
    const report = await runRollout(ports, input, context);
    metrics.countRollout(report);
    return report;
  });
}

function buildPorts(
  { policy, secretId, tableName, ...told }: Config,
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
      reportRefusal: (versionId) => {
        log.error("sign-in refused", { versionId });
        metrics.countSignInRefused();
      },
    },
  });
  const findEnd = createExecutionReader(new LambdaClient(CLIENT_OPTIONS));
  return {
    policy,
    ledger,
    evoVoice,
    executions: { findEnd },
    readAlarms: createAlarmReader(new CloudWatchClient(CLIENT_OPTIONS)),
    tell: buildTell(told, log),
    log,
    nowMs: Date.now,
    sleep: (ms) => sleep(ms, undefined, { ref: false }),
  };
}
