import { startCloudWatch } from "../../../local/aws/cloud-watch.ts";
import { startDynamoDb } from "../../../local/aws/dynamodb.ts";
import { localAwsEnvironment } from "../../../local/aws/environment.ts";
import { startEventBridge } from "../../../local/aws/event-bridge.ts";
import { type LambdaExecutions, startLambdaExecutions } from "../../../local/aws/lambda-executions.ts";
import { type SecretsManager, startSecretsManager } from "../../../local/aws/secrets-manager.ts";
import { startSns } from "../../../local/aws/sns.ts";
import { TABLE } from "../../support/ledger.ts";
import { SECRET } from "../../support/world.ts";

/** AWS as the worker sees it, shared by all histories. */
export interface StandIns {
  readonly environment: Readonly<Record<string, string>>;
  readonly executions: LambdaExecutions;
  readonly secrets: SecretsManager;
  close(): Promise<void>;
}

export async function startStandIns(): Promise<StandIns> {
  const secrets = await startSecretsManager({ secrets: { [SECRET]: "{}" } });
  const executions = await startLambdaExecutions();
  const [dynamodb, cloudWatch, eventBridge, sns] = await Promise.all([
    startDynamoDb({ tableName: TABLE }),
    startCloudWatch(),
    startEventBridge(),
    startSns(),
  ]);
  const environment = localAwsEnvironment({
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
    executions,
    secrets,
    async close() {
      await Promise.all([secrets, executions, dynamodb, cloudWatch, eventBridge, sns].map((each) => each.close()));
    },
  };
}
