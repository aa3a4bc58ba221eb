import { startDynamoDb } from "../../local/aws/dynamodb.ts";
import { localAwsEnvironment } from "../../local/aws/environment.ts";
import { startLambdaExecutions } from "../../local/aws/lambda-executions.ts";
import { startSecretsManager } from "../../local/aws/secrets-manager.ts";
import { answerParent } from "./children.ts";
import { SECRET, TABLE } from "./worker.ts";

interface Login {
  readonly userName: string;
  readonly password: string;
}

/** The AWS that a worker talks to, outside of the process that is measured; answers with its environment. */
answerParent(async ({ userName, password }: Login) => {
  const dynamodb = await startDynamoDb({ tableName: TABLE });
  const executions = await startLambdaExecutions();
  const secrets = await startSecretsManager({ secrets: { [SECRET]: JSON.stringify({ userName, password }) } });
  return localAwsEnvironment({
    dynamodb: dynamodb.address,
    lambda: executions.address,
    secretsManager: secrets.address,
  });
});
