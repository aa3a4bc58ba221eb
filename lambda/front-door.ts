import { setTimeout as sleep } from "node:timers/promises";
import { Logger } from "@aws-lambda-powertools/logger";
import { CodePipelineClient } from "@aws-sdk/client-codepipeline";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { DOOR_CLIENT_OPTIONS } from "./aws/client-options.ts";
import { createExecutions } from "./aws/executions.ts";
import { createPipelineJobs } from "./aws/pipeline-jobs.ts";
import { createExecutionStarter } from "./aws/start-execution.ts";
import { type FrontDoorConfig, readFrontDoorConfig } from "./config.ts";
import { memberOf } from "./contract/member-of.ts";
import { type Refusal, RefusedError } from "./contract/refused-error.ts";
import { dispatch, type FrontDoorAnswer } from "./front-door/dispatch.ts";
import type { FrontDoorPorts } from "./front-door/ports.ts";
import { createLedger } from "./ledger/ledger.ts";
import { openTable } from "./ledger/table.ts";

/** Lambda gives the ARN as the caller named it, with the alias. CloudTrail has the caller's identity by the request's id. */
type FrontDoor = (
  input: unknown,
  context: { readonly invokedFunctionArn: string; readonly awsRequestId: string; readonly clientContext?: unknown },
) => Promise<FrontDoorAnswer | { readonly refused: Refusal }>;

let frontDoor: FrontDoor | undefined;

/**
 * The front door for AWS triggers, the console and the CLI: takes a deploy event or a command and answers at once. It
 * reads its environment at the first invocation.
 */
export const handler: FrontDoor = async (input, context) => {
  frontDoor ??= createFrontDoor(readFrontDoorConfig());
  return frontDoor(input, context);
};

/**
 * The role needs `lambda:InvokeFunction` on the worker's alias, `lambda:GetDurableExecution` on the worker's executions,
 * `dynamodb:GetItem`, `BatchGetItem`, `Query`, `PutItem` and `UpdateItem` on the ledger's table, and for pipelines
 * `codepipeline:PutJobSuccessResult` and `codepipeline:PutJobFailureResult` on `*`.
 */
export function createFrontDoor(config: FrontDoorConfig): FrontDoor {
  const log = new Logger();
  const ports = buildPorts(config, log);
  return (input, { invokedFunctionArn, awsRequestId, clientContext }) => {
    log.appendKeys({ requestId: awsRequestId });
    return dispatch(ports, input, invokedFunctionArn).catch((error: unknown) => {
      // The command line writes a refusal in its own words.
      const isAsked = memberOf(memberOf(clientContext, "custom"), "refusals") === "data";
      if (isAsked && error instanceof RefusedError) return { refused: error.refusal };
      throw error;
    });
  };
}

function buildPorts({ policy, tableName, workerArn }: FrontDoorConfig, log: Logger): FrontDoorPorts {
  const lambda = new LambdaClient(DOOR_CLIENT_OPTIONS);
  return {
    policy,
    ledger: createLedger(openTable(new DynamoDBClient(DOOR_CLIENT_OPTIONS), tableName), policy.baseUrl),
    executions: { start: createExecutionStarter(lambda, workerArn), ...createExecutions(lambda) },
    pipelineJobs: createPipelineJobs(new CodePipelineClient(DOOR_CLIENT_OPTIONS)),
    log,
    nowMs: Date.now,
    sleep,
  };
}
