import { Annotations, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Alias } from "aws-cdk-lib/aws-lambda";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { BundledFunction, type DeploymentProps } from "./bundled-function.ts";
import type { LedgerTable } from "./ledger-table.ts";
import type { Notifications } from "./notifications.ts";
import { grantReadValue, toSecretId } from "./secret-access.ts";

export interface WorkerProps extends DeploymentProps {
  readonly ledger: LedgerTable;
  readonly login: ISecret;
  readonly notifications: Notifications;
  readonly deadLetters: IQueue;
}

/** The durable function that runs the rollouts. */
export class Worker extends BundledFunction {
  /** The worker is only invoked by this alias, so that a running rollout stays on its version. */
  readonly alias: Alias;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    const { ledger, login, notifications, deadLetters, ...deployment } = props;
    super(scope, id, {
      ...deployment,
      entry: "worker",
      description: "Cutover: moves Evo Voice customers between staging and production",
      environment: {
        CUTOVER_TABLE_NAME: ledger.table.tableName,
        CUTOVER_SECRET_ID: toSecretId(login),
        CUTOVER_EVENT_BUS: notifications.bus.eventBusArn,
        CUTOVER_TOPIC_ARN: notifications.topic.topicArn,
        CUTOVER_DASHBOARD_URL: toDashboardUrl(Stack.of(scope).region, deployment.service),
        // A rollout allocates mostly short-lived objects: a small young generation frees them early.
        NODE_OPTIONS: "--enable-source-maps --max-semi-space-size=8 --max-old-space-size=921",
      },
      settings: {
        memorySize: 1024,
        timeout: Duration.minutes(15),
        // A rollout may have long bakes. 90 days is Lambda's longest retention period.
        durableConfig: { executionTimeout: Duration.days(31), retentionPeriod: Duration.days(90) },
        deadLetterQueue: deadLetters,
        // CDK's default deletes old versions, which would end the rollouts that run on them.
        currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      },
    });
    // CDK warns of a replacement, but the function is durable from its first deploy and has no fixed name.
    Annotations.of(this.function).acknowledgeInfo("aws-lambda:Function.DurableConfig");
    ledger.grantReadWrite(this.role);
    grantReadValue(login, this.role);
    notifications.grantNotify(this.role);
    // The policy names alarms, and gates read them.
    this.grantWide("ReadAlarms", {
      actions: ["cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory"],
      resource: "*",
      reason: "CloudWatch shows composite alarms only to a role that may describe all alarms. It changes nothing.",
    });
    // For checkpoints, and for the state of the rollout that has the lock.
    const own = ["CheckpointDurableExecution", "GetDurableExecutionState", "GetDurableExecution"];
    this.grantExecutions(this.function, own);
    // Lambda must not repeat a failed execution: the rollout's steps have their own retries.
    this.alias = this.function.addAlias("live", { maxEventAge: Duration.minutes(15), retryAttempts: 0 });
  }

  /** Allows to start rollouts, by the alias only. */
  grantInvoke(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ["lambda:InvokeFunction"],
      resourceArns: [this.alias.functionArn],
    });
  }
}

/** The page of the dashboard in the AWS console: see `dashboard.ts`. */
function toDashboardUrl(region: string, service: string): string {
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${service}`;
}
