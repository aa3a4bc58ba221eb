import { Annotations, type CfnElement, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { type Grant, type IGrantable, Policy, PolicyStatement, type Role } from "aws-cdk-lib/aws-iam";
import type { Alias } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { BundledFunction, type DeploymentProps } from "./bundled-function.ts";
import { grantTo } from "./grant-to.ts";
import type { Ledger } from "./ledger.ts";
import type { Tell } from "./notifications.ts";
import type { Secret } from "./secret.ts";

export interface WorkerProps extends DeploymentProps {
  readonly ledger: Ledger;
  readonly login: Secret;
  readonly tell: Tell;
  readonly deadLetters: IQueue;
}

/** The durable function that runs the rollouts, with a role of its own and nothing that it could do besides. */
export class Worker extends Construct {
  /** The only way to invoke it: a running rollout stays on the version that it began with. */
  readonly alias: Alias;
  readonly bundled: BundledFunction;

  constructor(scope: Construct, id: string, { ledger, login, tell, deadLetters, ...deployment }: WorkerProps) {
    super(scope, id);
    this.bundled = new BundledFunction(this, "Durable", {
      ...deployment,
      entry: "cutover",
      description: "Cutover: moves Evo Voice customers between staging and production",
      environment: {
        CUTOVER_TABLE_NAME: ledger.table.tableName,
        CUTOVER_SECRET_ID: login.secretId,
        ...tell.environment,
        // Short-lived garbage is most of what a rollout allocates: a small young generation keeps it from piling up.
        NODE_OPTIONS: "--enable-source-maps --max-semi-space-size=8 --max-old-space-size=921",
      },
      settings: {
        memorySize: 1024,
        timeout: Duration.minutes(15),
        // A rollout with long bakes and approvals; its history is kept for as long as Lambda keeps any.
        durableConfig: { executionTimeout: Duration.days(31), retentionPeriod: Duration.days(90) },
        deadLetterQueue: deadLetters,
        // A version that is deleted takes the rollouts that run on it along.
        currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      },
    });
    const { function: worker, role } = this.bundled;
    // True, and no trouble: it is durable from its first deploy, and has no fixed name that a replacement would clash with.
    Annotations.of(worker).acknowledgeInfo("aws-lambda:Function.DurableConfig");
    ledger.grantReadWrite(role);
    login.grantRead(role);
    tell.grantTell(role);
    this.#grantAlarms(role);
    this.#grantItself();
    // A rollout that failed is not begun again behind anybody's back; what runs it again is in its own steps.
    this.alias = worker.addAlias("live", { maxEventAge: Duration.minutes(15), retryAttempts: 0 });
  }

  /** Allows to start rollouts, by the alias only. */
  grantInvoke(grantee: IGrantable): Grant {
    return grantTo(grantee, {
      actions: ["lambda:InvokeFunction"],
      resourceArns: [this.alias.functionArn],
    });
  }

  /** Allows to ask what became of an execution. */
  grantReadExecutions(scope: Construct, role: Role): void {
    this.#grantExecutions(scope, role, ["GetDurableExecution"]);
  }

  /** Checkpoints, and a look at what became of the rollout that holds the lock. */
  #grantItself(): void {
    const actions = ["CheckpointDurableExecution", "GetDurableExecutionState", "GetDurableExecution"];
    this.#grantExecutions(this, this.bundled.role, actions);
  }

  /** The policy names alarms, gates read them. */
  #grantAlarms(role: Role): void {
    const policy = new Policy(this, "Alarms", {
      roles: [role],
      statements: [new PolicyStatement({ actions: ["cloudwatch:DescribeAlarms"], resources: ["*"] })],
    });
    Validations.of(policy).acknowledge({
      id: "AwsSolutions-IAM5[Resource::*]",
      reason:
        "CloudWatch shows composite alarms only to those who may describe all alarms; nothing can be changed by it.",
    });
  }

  /** A policy of its own: in the worker's role's it would make the role wait for the function, and that for the role. */
  #grantExecutions(scope: Construct, role: Role, actions: readonly string[]): void {
    const { function: worker } = this.bundled;
    const policy = new Policy(scope, "DurableExecutions", {
      roles: [role],
      statements: [
        new PolicyStatement({
          actions: actions.map((action) => `lambda:${action}`),
          resources: [`${worker.functionArn}:*`],
        }),
      ],
    });
    const logicalId = Stack.of(this).getLogicalId(worker.node.defaultChild as CfnElement);
    Validations.of(policy).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>:*]`,
      reason:
        "Lambda checks an execution's ARN, whose version number and id do not exist yet at deploy; it is the worker's own.",
    });
  }
}
