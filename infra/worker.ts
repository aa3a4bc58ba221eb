import { join } from "node:path";
import { Annotations, type CfnElement, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type Alias, Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { type BundlingOptions, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

export interface WorkerProps {
  readonly ledger: Table;
  /** What the function calls the secret, and what its role may read. */
  readonly secret: { readonly id: string; readonly arn: string };
  /** A policy that was checked already; it travels in the function's version. */
  readonly policyFile: string;
}

const ROOT = join(import.meta.dirname, "..");

/** The durable function that runs the rollouts, with a role of its own and nothing that it could do besides. */
export class Worker extends Construct {
  /** The only way to invoke it: a running rollout stays on the version that it began with. */
  readonly alias: Alias;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, "Logs", { retention: RetentionDays.THREE_MONTHS });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    grantLedger(role, props.ledger);
    grantSecret(role, props.secret.arn);

    const worker = new NodejsFunction(this, "Function", {
      description: "Cutover: moves Evo Voice customers between staging and production",
      entry: join(ROOT, "lambda/cutover.ts"),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, "package-lock.json"),
      bundling: bundling(props.policyFile),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 1024,
      timeout: Duration.minutes(15),
      // A rollout with long bakes and approvals; its history is kept for as long as Lambda keeps any.
      durableConfig: { executionTimeout: Duration.days(31), retentionPeriod: Duration.days(90) },
      role,
      logGroup,
      environment: {
        CUTOVER_TABLE_NAME: props.ledger.tableName,
        CUTOVER_SECRET_ID: props.secret.id,
        CUTOVER_POLICY_FILE: "policy.json",
        POWERTOOLS_SERVICE_NAME: "cutover",
        NODE_OPTIONS: "--enable-source-maps",
      },
      // A version that is deleted takes the rollouts that run on it along.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    // True, and no trouble: it is durable from its first deploy, and has no fixed name that a replacement would clash with.
    Annotations.of(worker).acknowledgeInfo("aws-lambda:Function.DurableConfig");
    grantItself(this, role, worker);
    this.alias = worker.addAlias("live");
  }
}

function grantLedger(role: Role, ledger: Table): void {
  const actions = ["GetItem", "PutItem", "UpdateItem", "Query"].map((action) => `dynamodb:${action}`);
  role.addToPolicy(new PolicyStatement({ actions, resources: [ledger.tableArn] }));
}

function grantSecret(role: Role, secretArn: string): void {
  const actions = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"];
  role.addToPolicy(new PolicyStatement({ actions, resources: [secretArn] }));
}

/**
 * Checkpoints, and a look at what became of the rollout that holds the lock. A policy of its own: in the role's it would
 * make the role wait for the function, and the function for the role.
 */
function grantItself(scope: Construct, role: Role, worker: NodejsFunction): void {
  const actions = ["CheckpointDurableExecution", "GetDurableExecutionState", "GetDurableExecution"];
  const policy = new Policy(scope, "DurableExecutions", {
    roles: [role],
    statements: [
      new PolicyStatement({
        actions: actions.map((action) => `lambda:${action}`),
        resources: [`${worker.functionArn}:*`],
      }),
    ],
  });
  const logicalId = Stack.of(scope).getLogicalId(worker.node.defaultChild as CfnElement);
  Validations.of(policy).acknowledge({
    id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>:*]`,
    reason:
      "Lambda checks an execution's ARN, whose version number and id do not exist yet at deploy; it is this function's own.",
  });
}

/** One file of ES modules, AWS SDK included: what runs is what the lock file names. The policy lies beside it. */
function bundling(policyFile: string): BundlingOptions {
  return {
    format: OutputFormat.ESM,
    target: "node24",
    mainFields: ["module", "main"],
    bundleAwsSDK: true,
    minify: true,
    keepNames: true,
    sourceMap: true,
    sourcesContent: false,
    // Libraries that are CommonJS inside call `require` for Node's own modules.
    banner: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
    commandHooks: {
      beforeBundling: () => [],
      beforeInstall: () => [],
      afterBundling: (_input, output) => [`cp ${quote(policyFile)} ${quote(join(output, "policy.json"))}`],
    },
  };
}

function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
