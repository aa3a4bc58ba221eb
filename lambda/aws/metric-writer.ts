import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";

export const METRICS_NAMESPACE = "Cutover";

/** Writes counts into the log, in the format from which CloudWatch makes metrics. */
export type WriteMetrics<Name extends string> = (counts: readonly (readonly [Name, number])[]) => void;

/** Each call writes one log line, or no line when there is no count. */
export function createMetricWriter<Name extends string>(): WriteMetrics<Name> {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  return (counts) => {
    for (const [name, count] of counts) metrics.addMetric(name, MetricUnit.Count, count);
    if (counts.length > 0) metrics.publishStoredMetrics();
  };
}
