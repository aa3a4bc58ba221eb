import { startCloudWatch } from "../../local/aws/cloud-watch.ts";
import { startDynamoDb } from "../../local/aws/dynamodb.ts";
import { localAwsEnvironment } from "../../local/aws/environment.ts";
import { startEventBridge } from "../../local/aws/event-bridge.ts";
import { startLambdaExecutions } from "../../local/aws/lambda-executions.ts";
import { startSecretsManager } from "../../local/aws/secrets-manager.ts";
import { startSns } from "../../local/aws/sns.ts";
import { answerParent } from "./children.ts";
import { ALARM, SECRET, TABLE } from "./worker.ts";

export interface LedgerRequest {
  readonly userName: string;
  readonly password: string;
  /** The alarm goes off when it is read for this time. @default never */
  readonly alarmAtCall?: number | undefined;
}

/** Runs the AWS stand-ins outside the measured process; answers with the worker's environment. */
answerParent(async ({ userName, password, alarmAtCall }: LedgerRequest) => {
  const dynamodb = await startDynamoDb({ tableName: TABLE });
  const executions = await startLambdaExecutions();
  const secrets = await startSecretsManager({ secrets: { [SECRET]: JSON.stringify({ userName, password }) } });
  const cloudWatch = await startCloudWatch({ alarms: { [ALARM]: { state: "OK" } } });
  if (alarmAtCall !== undefined) cloudWatch.changeLater(ALARM, { atCall: alarmAtCall }, { state: "ALARM" });
  const eventBridge = await startEventBridge();
  const sns = await startSns();
  return localAwsEnvironment({
    cloudWatch: cloudWatch.address,
    eventBridge: eventBridge.address,
    sns: sns.address,
    dynamodb: dynamodb.address,
    lambda: executions.address,
    secretsManager: secrets.address,
  });
});
