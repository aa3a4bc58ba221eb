import type { WorkerMetric } from "../../lambda/aws/worker-metrics.ts";
import { propertiesOf, type Templates } from "./make-stack.ts";

export const WORKER_METRICS = Object.keys({
  RolloutSucceeded: true,
  RolloutPartial: true,
  RolloutRolledBack: true,
  RolloutHalted: true,
  RolloutAborted: true,
  RolloutFailed: true,
  RolloutRefused: true,
  SignInRefused: true,
  Flipped: true,
  Unchanged: true,
  Deferred: true,
  Skipped: true,
  Failed: true,
  RolloutStarted: true,
  GateProceeded: true,
  GateRolledBack: true,
  GateHalted: true,
  Restored: true,
  Conflicting: true,
  NotRestored: true,
  NotificationFailed: true,
} satisfies Record<WorkerMetric, true>);

/** A metric as CloudWatch tells it from others. */
interface MetricKey {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

type Line = Readonly<Record<string, unknown>>;

interface Datum {
  readonly metric: string;
  readonly value: number;
}

interface StatedMetric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
}

/** The alarms of a deployment that lines of its functions' logs would ring, by the product's own metrics only. */
export function findRinging(templates: Templates, lines: readonly string[]): readonly string[] {
  const written = readWritten(lines);
  return propertiesOf(templates, "AWS::CloudWatch::Alarm").flatMap((alarm) => {
    const metrics = metricsOf(alarm).map(toText);
    const data = written.filter(({ metric }) => metrics.includes(metric));
    const sum = data.reduce((total, { value }) => total + value, 0);
    return metrics.length > 0 && sum >= alarm.Threshold ? [String(alarm.AlarmName)] : [];
  });
}

/** Every value that is embedded in the lines for a metric, in order. */
export function readWritten(lines: readonly string[]): readonly Datum[] {
  return lines.flatMap(parseLine).flatMap(readEmbedded);
}

/** The product's own metrics on the dashboard. */
export function findShown(templates: Templates): readonly string[] {
  const [dashboard] = propertiesOf(templates, "AWS::CloudWatch::Dashboard");
  const body = JSON.parse(resolveText(dashboard?.DashboardBody)) as {
    readonly widgets: readonly { readonly properties: { readonly metrics?: readonly (readonly unknown[])[] } }[];
  };
  return body.widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .filter(([namespace]) => namespace === "Cutover")
    .map(([namespace, name, key, value]) =>
      toText({ namespace: String(namespace), name: String(name), dimensions: { [String(key)]: String(value) } }),
    );
}

/** `Cutover RolloutFailed service=cutover-production` */
function toText({ namespace, name, dimensions }: MetricKey): string {
  return [namespace, name, ...Object.entries(dimensions).map(([key, value]) => `${key}=${value}`)].join(" ");
}

/** What an alarm looks at by itself, or in an expression, as far as it is the product's own. */
function metricsOf(alarm: StatedMetric & { readonly Metrics?: readonly { MetricStat?: { Metric: StatedMetric } }[] }) {
  const stated = alarm.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []) ?? [alarm];
  return stated
    .filter(({ Namespace }) => Namespace === "Cutover")
    .map(({ Namespace, MetricName, Dimensions }) => ({
      namespace: Namespace,
      name: MetricName,
      dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
    }));
}

function parseLine(line: string): readonly Line[] {
  return line.startsWith("{") ? [JSON.parse(line) as Line] : [];
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
function readEmbedded(line: Line): readonly Datum[] {
  const { CloudWatchMetrics: directives = [] } = (line._aws ?? {}) as {
    readonly CloudWatchMetrics?: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  return directives.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name: name }) =>
      Dimensions.map((keys) => {
        const dimensions = Object.fromEntries(keys.map((key) => [key, String(line[key])]));
        return { metric: toText({ namespace, name, dimensions }), value: Number(line[name]) };
      }),
    ),
  );
}

function resolveText(value: unknown): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": join } = value as { "Fn::Join"?: readonly [string, readonly unknown[]] };
  return join === undefined ? "reference" : join[1].map(resolveText).join(join[0]);
}
