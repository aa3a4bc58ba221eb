import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { FunctionUrlAuthType, type IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { Policy } from "../../lambda/events/policy.ts";
import type { Problem } from "../../lambda/events/problems.ts";
import { BundledFunction, type DeploymentProps } from "./bundled-function.ts";
import type { Ledger } from "./ledger.ts";
import type { Secret } from "./secret.ts";
import type { Worker } from "./worker.ts";

export interface WebhookProps extends DeploymentProps {
  readonly ledger: Ledger;
  readonly worker: Worker;
  /** The signing secret of each source, by the source's name. */
  readonly secrets: Readonly<Record<string, Secret>>;
  readonly concurrency?: number | undefined;
}

/** The public door: anybody can reach it, and only a signed delivery gets further. */
export class Webhook extends Construct {
  readonly function: IFunction;
  readonly url: string;

  constructor(scope: Construct, id: string, { ledger, worker, secrets, concurrency, ...deployment }: WebhookProps) {
    super(scope, id);
    const idsBySource = Object.fromEntries(Object.entries(secrets).map(([name, { secretId }]) => [name, secretId]));
    const { function: webhook, role } = new BundledFunction(this, "Door", {
      ...deployment,
      entry: "webhook",
      description: "Cutover: verifies a signed webhook and starts its rollout",
      environment: {
        CUTOVER_TABLE_NAME: ledger.table.tableName,
        CUTOVER_WORKER_ARN: worker.alias.functionArn,
        CUTOVER_WEBHOOK_SECRETS: Stack.of(this).toJsonString(idsBySource),
      },
      // A sender gives up after ten seconds; whoever sends rubbish is not waited for.
      settings: {
        timeout: Duration.seconds(10),
        ...(concurrency !== undefined && { reservedConcurrentExecutions: concurrency }),
      },
    });
    this.function = webhook;
    ledger.grantLookup(role);
    worker.grantInvoke(role);
    for (const secret of Object.values(secrets)) secret.grantRead(role);
    // Signatures over the raw body are what is checked here; senders such as GitHub cannot sign for IAM.
    this.url = webhook.addFunctionUrl({ authType: FunctionUrlAuthType.NONE }).url;
    new CfnOutput(this, "Url", {
      value: this.url,
      description: "Where webhooks are sent; the name of the source is its path",
    });
  }
}

/** A source of the policy without a secret would refuse everything; a secret without a source is never asked for. */
export function findSourceProblems(
  { webhooks: sources = {} }: Policy,
  secrets: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const without = (names: object, others: object, message: string) =>
    Object.keys(names)
      .filter((name) => !Object.hasOwn(others, name))
      .map((name) => ({ path: `webhooks.${name}`, message }));
  return [
    ...without(sources, secrets, "expected its signing secret here: the policy has a source of this name"),
    ...without(secrets, sources, "expected a source of this name among the policy's webhooks"),
  ];
}
