import { Logger } from "@aws-lambda-powertools/logger";
import { CodePipelineClient } from "@aws-sdk/client-codepipeline";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { DOOR_CLIENT_OPTIONS } from "./aws/client-options.ts";
import { createOutcomeReader } from "./aws/execution-outcome.ts";
import { createExecutionReader } from "./aws/executions.ts";
import { createPipelineJobs } from "./aws/pipeline-jobs.ts";
import { createExecutionStarter } from "./aws/start-execution.ts";
import type { StartConfig } from "./config.ts";
import { type Answer, answerArrival } from "./front-door/dispatch.ts";
import type { StartPorts } from "./front-door/ports.ts";
import { createLedger } from "./ledger/ledger.ts";
import { openTable } from "./ledger/table.ts";

/**
 * Joins the front door with its edges: whatever a trigger sends in, an answer out. Its role needs
 * `lambda:InvokeFunction` on the worker's alias, `lambda:GetDurableExecution` on the worker's executions,
 * `dynamodb:GetItem`, `BatchGetItem`, `Query`, `PutItem` and `UpdateItem` on the ledger's table, and, when a pipeline
 * invokes it, `codepipeline:PutJobSuccessResult` and `codepipeline:PutJobFailureResult`, which know no resource but `*`.
 */
export function buildStart(config: StartConfig): (input: unknown) => Promise<Answer> {
  const ports = buildPorts(config);
  return (input) => answerArrival(ports, input);
}

function buildPorts({ policy, tableName, workerArn }: StartConfig): StartPorts {
  const lambda = new LambdaClient(DOOR_CLIENT_OPTIONS);
  return {
    policy,
    ledger: createLedger(openTable(new DynamoDBClient(DOOR_CLIENT_OPTIONS), tableName), policy.baseUrl),
    executions: {
      start: createExecutionStarter(lambda, workerArn),
      findEnd: createExecutionReader(lambda),
      findOutcome: createOutcomeReader(lambda),
    },
    pipelineJobs: createPipelineJobs(new CodePipelineClient(DOOR_CLIENT_OPTIONS)),
    log: new Logger(),
    nowMs: Date.now,
  };
}
