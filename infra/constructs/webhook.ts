import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { FunctionUrlAuthType } from "aws-cdk-lib/aws-lambda";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { refuseConfig } from "../../lambda/config.ts";
import type { Policy } from "../../lambda/contract/policy.ts";
import type { Problem } from "../../lambda/contract/problems.ts";
import { Alarms, toWebhookAlarmSpecs } from "./alarms.ts";
import { BundledFunction } from "./bundled-function.ts";
import type { Cutover } from "./cutover.ts";
import { PERIOD, toOwnMetrics } from "./metrics.ts";
import { grantReadValue, toSecretId } from "./secret-access.ts";

export interface WebhookProps {
  /** The policy of `cutover` names the sources. */
  readonly cutover: Cutover;
  /** The signing secret of each source, by the source's name in the policy. */
  readonly secrets: Readonly<Record<string, ISecret>>;
  /**
   * The reserved concurrency: a flood of deliveries cannot use more of the account's concurrency.
   * @default - the account's concurrency, because a reservation takes capacity from every other function
   */
  readonly concurrency?: number | undefined;
  /** The topic that gets the alarms. @default - none: the dashboard shows them */
  readonly alarmTopic?: ITopic | undefined;
}

/**
 * The public door: the whole internet can reach it, but only a signed delivery starts a rollout. Function and URL are in
 * one stack, because a reference between stacks can make CloudFormation replace the URL.
 */
export class Webhook extends BundledFunction {
  readonly url: string;

  constructor(scope: Construct, id: string, { cutover, secrets, concurrency, alarmTopic }: WebhookProps) {
    const { ledger, worker, deployment, policy } = cutover;
    const { service } = deployment;
    const without = findMissing(
      policy.webhooks ?? {},
      secrets,
      "expected the signing secret of this source of the policy",
    );
    const problems = [...findUnknownSources(policy, secrets), ...without];
    if (problems.length > 0) throw refuseConfig("the list of the webhook's secrets", problems);
    const idsBySource = Object.entries(secrets).map(([source, secret]) => [source, toSecretId(secret)]);
    super(scope, id, {
      ...deployment,
      entry: "webhook",
      description: "Cutover: verifies a signed webhook and starts its rollout",
      environment: {
        CUTOVER_TABLE_NAME: ledger.table.tableName,
        CUTOVER_WORKER_ARN: worker.alias.functionArn,
        CUTOVER_WEBHOOK_SECRETS: Stack.of(scope).toJsonString(Object.fromEntries(idsBySource)),
      },
      settings: {
        // GitHub gives up after ten seconds.
        timeout: Duration.seconds(10),
        ...(concurrency !== undefined && { reservedConcurrentExecutions: concurrency }),
      },
    });
    ledger.grantLookup(this.role);
    worker.grantInvoke(this.role);
    this.grantExecutions(worker.function, ["GetDurableExecution"]);
    for (const secret of Object.values(secrets)) grantReadValue(secret, this.role);
    // The function checks a signature of the body. A sender such as GitHub cannot sign for IAM.
    this.url = this.function.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
    const failed = [this.function.metricErrors({ period: PERIOD }), this.function.metricThrottles({ period: PERIOD })];
    const specs = toWebhookAlarmSpecs(toOwnMetrics(service), failed);
    new Alarms(this, "Alarms", { service, topic: alarmTopic, specs });
    const description = "Where webhooks are sent; the path is the name of the source";
    new CfnOutput(this, "Url", { value: this.url, description });
  }
}

/** A secret of a source that the policy does not have is a typing error. */
export function findUnknownSources({ webhooks = {} }: Policy, secrets: object): readonly Problem[] {
  return findMissing(secrets, webhooks, "expected a source of this name among the policy's webhooks");
}

function findMissing(names: object, others: object, message: string): readonly Problem[] {
  const missing = Object.keys(names).filter((name) => !Object.hasOwn(others, name));
  return missing.map((path) => ({ path, message }));
}
