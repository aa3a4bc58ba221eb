import { Duration } from "aws-cdk-lib";
import { type IMetric, MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { METRICS_NAMESPACE } from "../../lambda/aws/metric-writer.ts";
import type { WorkerMetric } from "../../lambda/aws/worker-metrics.ts";
import type { WebhookMetric } from "../../lambda/webhook/ports.ts";
import type { FrontDoor } from "./front-door.ts";
import type { Worker } from "./worker.ts";

export const PERIOD = Duration.minutes(5);

/** A metric that Cutover writes. Powertools adds the dimension `service`, which names the environment. */
export type OwnMetrics = (name: WorkerMetric | WebhookMetric) => IMetric;

export function toOwnMetrics(service: string): OwnMetrics {
  const where = { namespace: METRICS_NAMESPACE, dimensionsMap: { service } };
  return (metricName) => new Metric({ ...where, metricName, statistic: Stats.SUM, period: PERIOD });
}

export type FunctionMetrics = ReturnType<typeof toFunctionMetrics>;

/** AWS's metrics of the functions and the queue. */
export function toFunctionMetrics({ function: durable }: Worker, frontDoor: FrontDoor, deadLetters: IQueue) {
  // https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
  const executions = (name: string) => durable.metric(name, { statistic: Stats.SUM, period: PERIOD });
  const throttles = [durable, frontDoor.function].map((each) => each.metricThrottles({ period: PERIOD }));
  return {
    executionStarted: executions("DurableExecutionStarted"),
    executionFailed: executions("DurableExecutionFailed"),
    executionTimedOut: executions("DurableExecutionTimedOut"),
    operations: durable.metric("DurableExecutionOperations", { statistic: Stats.MAXIMUM, period: PERIOD }),
    workerErrors: durable.metricErrors({ period: PERIOD }),
    frontDoorErrors: frontDoor.function.metricErrors({ period: PERIOD }),
    throttles: sumOf("throttles", throttles),
    deadLetters: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period: PERIOD }),
  } as const;
}

/** The sum of metrics; a metric without data counts as 0. The name must be unique on a graph. */
export function sumOf(name: string, metrics: readonly IMetric[]): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`${name}${index}`, metric]));
  const terms = Object.keys(usingMetrics).map((each) => `FILL(${each}, 0)`);
  return new MathExpression({ label: name, expression: terms.join(" + "), usingMetrics, period: PERIOD });
}
