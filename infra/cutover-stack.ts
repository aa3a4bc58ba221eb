import { Aws, CfnOutput, RemovalPolicy, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { LEDGER_KEYS } from "../lambda/ledger/table-schema.ts";
import type { InfraConfig } from "./config.ts";
import { Worker } from "./worker.ts";

export interface CutoverStackProps extends StackProps {
  readonly config: InfraConfig;
}

/** All that one Evo Voice environment needs: the worker, its ledger and its secret. */
export class CutoverStack extends Stack {
  constructor(scope: Construct, id: string, props: CutoverStackProps) {
    super(scope, id, props);
    const { secret, policyFile, environment } = props.config;
    const worker = new Worker(this, "Worker", {
      ledger: makeLedger(this),
      secret: "create" in secret ? makeSecret(this, secret.create, environment) : findSecret(secret.import),
      policyFile,
    });
    new CfnOutput(this, "WorkerAlias", { value: worker.alias.functionArn });
  }
}

/** The record of every rollout outlives the stack: what a rollback may undo is in there. */
function makeLedger(scope: Construct): Table {
  return new Table(scope, "Ledger", {
    partitionKey: { name: LEDGER_KEYS.partition, type: AttributeType.STRING },
    sortKey: { name: LEDGER_KEYS.sort, type: AttributeType.STRING },
    timeToLiveAttribute: LEDGER_KEYS.expiry,
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}

/** An empty secret for somebody to fill: CDK's own `Secret` would invent a password, and no value belongs in a template. */
function makeSecret(scope: Construct, name: string, environment: string): { id: string; arn: string } {
  const secret = new CfnSecret(scope, "Secret", {
    name,
    description: `Evo Voice dashboard sign-in for Cutover (${environment}): {"userName": …, "password": …}`,
  });
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
  Validations.of(secret).acknowledge({
    id: "AwsSolutions-SMG4",
    reason: "Evo Voice has no way to change a password by API; a person rotates it, and it is picked up at once.",
  });
  new CfnOutput(scope, "SecretToFill", { value: secret.ref });
  return { id: secret.ref, arn: secret.ref };
}

/** AWS ends a secret's ARN with six characters that a name does not tell. */
function findSecret(name: string): { id: string; arn: string } {
  const service = `arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}`;
  return { id: name, arn: `${service}:secret:${name}-??????` };
}
