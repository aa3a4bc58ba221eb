import { startCloudWatch } from "../../local/aws/cloud-watch.ts";
import { startDynamoDb } from "../../local/aws/dynamodb.ts";
import { localAwsEnvironment } from "../../local/aws/environment.ts";
import { startEventBridge } from "../../local/aws/event-bridge.ts";
import { startLambdaExecutions } from "../../local/aws/lambda-executions.ts";
import { startSecretsManager } from "../../local/aws/secrets-manager.ts";
import { startSns } from "../../local/aws/sns.ts";
import { TABLE } from "./ledger.ts";

/** AWS as the worker sees it, on loopback. */
export type StandIns = Readonly<Awaited<ReturnType<typeof startStandIns>>>;

/** Starts them, and points the AWS SDK of this process at them. */
export async function startStandIns(secretValues: Readonly<Record<string, string>>) {
  const secrets = await startSecretsManager({ secrets: secretValues });
  const executions = await startLambdaExecutions();
  const dynamodb = await startDynamoDb({ tableName: TABLE });
  const cloudWatch = await startCloudWatch();
  const eventBridge = await startEventBridge();
  const sns = await startSns();
  const environment: Readonly<Record<string, string>> = localAwsEnvironment({
    cloudWatch: cloudWatch.address,
    eventBridge: eventBridge.address,
    sns: sns.address,
    secretsManager: secrets.address,
    lambda: executions.address,
    dynamodb: dynamodb.address,
  });
  Object.assign(process.env, environment);
  return {
    environment,
    secrets,
    executions,
    cloudWatch,
    eventBridge,
    sns,
    async close() {
      await Promise.all([secrets, executions, dynamodb, cloudWatch, eventBridge, sns].map((each) => each.close()));
    },
  };
}
