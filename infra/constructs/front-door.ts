import { Duration, Validations } from "aws-cdk-lib";
import { type Grant, type IGrantable, Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { BundledFunction, type DeploymentProps } from "./bundled-function.ts";
import { grantTo } from "./grant-to.ts";
import type { Ledger } from "./ledger.ts";
import type { Worker } from "./worker.ts";

export interface StartProps extends DeploymentProps {
  readonly ledger: Ledger;
  readonly worker: Worker;
  readonly deadLetters: IQueue;
}

/** The front door for AWS triggers, the console and the CLI: it checks an event and starts the worker, and notes commands. */
export class Start extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, { ledger, worker, deadLetters, ...deployment }: StartProps) {
    super(scope, id);
    const { function: start, role } = new BundledFunction(this, "Door", {
      ...deployment,
      entry: "start",
      description: "Cutover: checks a deploy event and starts its rollout; answers status",
      environment: { CUTOVER_TABLE_NAME: ledger.table.tableName, CUTOVER_WORKER_ARN: worker.alias.functionArn },
      settings: {
        deadLetterQueue: deadLetters,
        // An event's id makes a second try harmless; one that is an hour late is not what was asked for.
        maxEventAge: Duration.minutes(15),
        retryAttempts: 2,
      },
    });
    this.function = start;
    ledger.grantReadWrite(role);
    worker.grantInvoke(role);
    worker.grantReadExecutions(this, role);
    const answers = new Policy(this, "PipelineAnswers", {
      roles: [role],
      statements: [
        new PolicyStatement({
          actions: ["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"],
          resources: ["*"],
        }),
      ],
    });
    Validations.of(answers).acknowledge({
      id: "AwsSolutions-IAM5[Resource::*]",
      reason: "AWS defines no resource for these two actions; they only answer a job whose id somebody was given.",
    });
  }

  /** Allows to start rollouts, to ask for their status and to steer them. */
  grantInvoke(grantee: IGrantable): Grant {
    return grantTo(grantee, {
      actions: ["lambda:InvokeFunction"],
      resourceArns: [this.function.functionArn],
    });
  }
}
