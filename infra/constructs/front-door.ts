import { CfnOutput, Duration } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { RIGHTS, type Right } from "../../lambda/contract/rights.ts";
import { BundledFunction, type DeploymentProps } from "./bundled-function.ts";
import type { LedgerTable } from "./ledger-table.ts";
import type { Worker } from "./worker.ts";

export interface FrontDoorProps extends DeploymentProps {
  readonly ledger: LedgerTable;
  readonly worker: Worker;
  readonly deadLetters: IQueue;
}

/** An event has an id, so a second delivery is harmless. An event that is an hour late must not start a rollout. */
const DELIVERY = { maxEventAge: Duration.minutes(15), retryAttempts: 2 };

/** Answers AWS triggers, the console and the CLI: checks deploy events, starts the worker and takes commands. */
export class FrontDoor extends BundledFunction {
  /** For each right the alias that has it. A call of the function itself has every right. */
  readonly aliases: Readonly<Record<Right, IFunction>>;

  constructor(scope: Construct, id: string, { ledger, worker, deadLetters, ...deployment }: FrontDoorProps) {
    super(scope, id, {
      ...deployment,
      entry: "front-door",
      description: "Cutover: checks a deploy event and starts its rollout; answers status",
      environment: { CUTOVER_TABLE_NAME: ledger.table.tableName, CUTOVER_WORKER_ARN: worker.alias.functionArn },
      settings: { deadLetterQueue: deadLetters, ...DELIVERY },
    });
    ledger.grantReadWrite(this.role);
    worker.grantInvoke(this.role);
    this.grantExecutions(worker.function, ["GetDurableExecution"]);
    this.grantWide("PipelineAnswers", {
      actions: ["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"],
      resource: "*",
      reason: "AWS defines no resource for these two actions. They only answer a job whose id is known.",
    });
    // Lambda keeps the settings of asynchronous calls for each alias. The queue is a setting of the version.
    const aliases = RIGHTS.map((right) => [right, this.function.addAlias(right, DELIVERY)]);
    this.aliases = Object.fromEntries(aliases);
    new CfnOutput(this, "FunctionName", {
      value: this.function.functionName,
      description: "The front door: the function that the console, the CLI and CI invoke",
    });
    new CfnOutput(this, "BaseUrl", {
      value: deployment.policy.baseUrl,
      description: "The Evo Voice API of this environment",
    });
  }

  /**
   * Allows to call the alias that has the right, and no other.
   * @throws Error for a grantee without its own policy, such as a service, because the grant would have no effect
   */
  grant(right: Right, grantee: IGrantable): Grant {
    const resourceArns = [this.aliases[right].functionArn];
    const grant = Grant.addToPrincipal({ grantee, actions: ["lambda:InvokeFunction"], resourceArns });
    grant.assertSuccess();
    return grant;
  }
}
