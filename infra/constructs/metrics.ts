import { Duration } from "aws-cdk-lib";
import { type IMetric, MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { type ChangeMetric, GATES, REVERTS } from "../../lambda/aws/change-metrics.ts";
import type { WorkerMetric } from "../../lambda/aws/worker-metrics.ts";
import type { WebhookMetric } from "../../lambda/webhook/ports.ts";
import type { Start } from "./front-door.ts";
import type { Webhook } from "./webhook.ts";
import type { Worker } from "./worker.ts";

export interface MetricsProps {
  readonly service: string;
  readonly worker: Worker;
  readonly start: Start;
  readonly webhook?: Webhook | undefined;
  readonly deadLetters: IQueue;
}

/** Where the product's own metrics are, those of one deployment by the dimension `service`, as Powertools writes it. */
const METRICS_NAMESPACE = "Cutover";
const PERIOD = Duration.minutes(5);

/** What is measured, by the words of the design. */
export class CutoverMetrics extends Construct {
  readonly rolloutSucceeded: IMetric;
  readonly rolloutPartial: IMetric;
  readonly rolloutRolledBack: IMetric;
  readonly rolloutHalted: IMetric;
  readonly rolloutAborted: IMetric;
  readonly rolloutFailed: IMetric;
  readonly rolloutRefused: IMetric;
  readonly signInRefused: IMetric;
  /** What became of customers, one metric an outcome. */
  readonly outcomes: readonly IMetric[];
  readonly rolloutStarted: IMetric;
  /** What gates decided, one metric a decision. */
  readonly gates: readonly IMetric[];
  /** What became of customers who were to be turned back, but for those who were not. */
  readonly reverts: readonly IMetric[];
  readonly notFlippedBack: IMetric;
  readonly tellFailed: IMetric;
  readonly executionStarted: IMetric;
  readonly executionFailed: IMetric;
  readonly executionTimedOut: IMetric;
  readonly running: IMetric;
  readonly workerErrors: IMetric;
  readonly startErrors: IMetric;
  readonly throttles: IMetric;
  readonly deadLetters: IMetric;
  readonly webhook?: { readonly errors: IMetric; readonly signatureRefused: IMetric };

  constructor(scope: Construct, id: string, { service, worker, start, webhook, deadLetters }: MetricsProps) {
    super(scope, id);
    const durable = worker.bundled.function;
    const own = (name: WorkerMetric | ChangeMetric | WebhookMetric) => toOwnMetric(name, service);
    // An execution whose rollout failed is itself a success: it wrote its report. So the worker says how rollouts end.
    this.rolloutSucceeded = own("RolloutSucceeded");
    this.rolloutPartial = own("RolloutPartial");
    this.rolloutRolledBack = own("RolloutRolledBack");
    this.rolloutHalted = own("RolloutHalted");
    this.rolloutAborted = own("RolloutAborted");
    this.rolloutFailed = own("RolloutFailed");
    this.rolloutRefused = own("RolloutRefused");
    this.signInRefused = own("SignInRefused");
    this.outcomes = (["Flipped", "Unchanged", "Deferred", "Skipped", "Failed"] as const).map(own);
    this.rolloutStarted = own("RolloutStarted");
    this.gates = Object.values(GATES).map(own);
    this.reverts = [own(REVERTS.flippedBack), own(REVERTS.leftAlone)];
    this.notFlippedBack = own(REVERTS.left);
    this.tellFailed = own("TellFailed");
    // https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
    this.executionStarted = durable.metric("DurableExecutionStarted", { statistic: Stats.SUM, period: PERIOD });
    this.executionFailed = durable.metric("DurableExecutionFailed", { statistic: Stats.SUM, period: PERIOD });
    this.executionTimedOut = durable.metric("DurableExecutionTimedOut", { statistic: Stats.SUM, period: PERIOD });
    this.running = durable.metric("ApproximateRunningDurableExecutions", {
      statistic: Stats.MINIMUM,
      period: Duration.hours(1),
    });
    this.workerErrors = durable.metricErrors({ period: PERIOD });
    this.startErrors = start.function.metricErrors({ period: PERIOD });
    const functions: readonly IFunction[] = [durable, start.function, ...(webhook ? [webhook.function] : [])];
    this.throttles = sumOf(
      "throttles",
      functions.map((each) => each.metricThrottles({ period: PERIOD })),
    );
    this.deadLetters = deadLetters.metricApproximateNumberOfMessagesVisible({
      statistic: Stats.MAXIMUM,
      period: PERIOD,
    });
    if (webhook === undefined) return;
    this.webhook = {
      // It answers what goes wrong in it with 503, which Lambda does not count as an error.
      errors: sumOf("failedDeliveries", [webhook.function.metricErrors({ period: PERIOD }), own("WebhookFailed")]),
      signatureRefused: own("SignatureRefused"),
    };
  }
}

function toOwnMetric(metricName: string, service: string): Metric {
  const where = { namespace: METRICS_NAMESPACE, dimensionsMap: { service } };
  return new Metric({ ...where, metricName, statistic: Stats.SUM, period: PERIOD });
}

/** The sum of metrics, of which any may have no data. The name is unique on a graph. */
function sumOf(name: string, metrics: readonly IMetric[]): MathExpression {
  const metricsByName = Object.fromEntries(metrics.map((metric, index) => [`${name}${index}`, metric]));
  const terms = Object.keys(metricsByName).map((each) => `FILL(${each}, 0)`);
  return new MathExpression({
    label: name,
    expression: terms.join(" + "),
    usingMetrics: metricsByName,
    period: PERIOD,
  });
}
