import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";

export const METRICS_NAMESPACE = "Cutover";

/** Writes counts into the log, from where CloudWatch takes them, under the name of the environment. */
export type WriteMetrics<Name extends string> = (counts: readonly (readonly [Name, number])[]) => void;

/** Counts that are written together are one line of the log. No count is no line. */
export function createMetricWriter<Name extends string>(): WriteMetrics<Name> {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  return (counts) => {
    for (const [name, count] of counts) metrics.addMetric(name, MetricUnit.Count, count);
    if (counts.length > 0) metrics.publishStoredMetrics();
  };
}
