import type { Template } from "aws-cdk-lib/assertions";

/** A metric as CloudWatch tells it from others. */
interface MetricKey {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

type Line = Readonly<Record<string, unknown>>;

interface MetricFilter {
  readonly FilterPattern: string;
  readonly MetricTransformations: readonly {
    readonly MetricNamespace: string;
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Key: string; readonly Value: string }[];
  }[];
}

interface StatedMetric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
}

/** The alarms of a deployment that lines of its functions' logs would ring, by the product's own metrics only. */
export function findRinging(template: Template, lines: readonly string[]): readonly string[] {
  const written = toWritten(template, lines);
  return Object.values(template.findResources("AWS::CloudWatch::Alarm")).flatMap(({ Properties }) => {
    const metrics = metricsOf(Properties).map(toText);
    const count = written.filter((metric) => metrics.includes(metric)).length;
    return metrics.length > 0 && count >= Properties.Threshold ? [String(Properties.AlarmName)] : [];
  });
}

/** Each metric that the lines write, as often as they do: by a filter of the worker's log, or embedded in them. */
export function toWritten(template: Template, lines: readonly string[]): readonly string[] {
  const filters = Object.values(template.findResources("AWS::Logs::MetricFilter")).map(({ Properties }) => Properties);
  return lines
    .flatMap(parseLine)
    .flatMap((line) => [...readEmbedded(line), ...filters.flatMap((filter) => applyFilter(filter, line))].map(toText));
}

/** The product's own metrics on the dashboard. */
export function findShown(template: Template): readonly string[] {
  const [dashboard] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
  const body = JSON.parse(resolveText(dashboard?.Properties.DashboardBody)) as {
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
function readEmbedded(line: Line): readonly MetricKey[] {
  const { CloudWatchMetrics: directives = [] } = (line._aws ?? {}) as {
    readonly CloudWatchMetrics?: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  return directives.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name: name }) =>
      Dimensions.map((keys) => ({
        namespace,
        name,
        dimensions: Object.fromEntries(keys.map((key) => [key, String(line[key])])),
      })),
    ),
  );
}

function applyFilter({ FilterPattern, MetricTransformations }: MetricFilter, line: Line): readonly MetricKey[] {
  if (!matches(FilterPattern, line)) return [];
  return MetricTransformations.map(({ MetricNamespace: namespace, MetricName: name, Dimensions }) => ({
    namespace,
    name,
    dimensions: Object.fromEntries(Dimensions.map(({ Key, Value }) => [Key, String(line[Value.replace("$.", "")])])),
  }));
}

/** The part of CloudWatch's patterns that we use: texts of members, `&&`, `||` and parentheses. */
function matches(pattern: string, line: Line): boolean {
  let rest = pattern
    .replace(/\$\.(\w+) = "([^"]*)"/g, (_, member: string, text: string) => (line[member] === text ? "yes" : "no"))
    .replace(/[{}\s]/g, "");
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest
      .replace(/\((yes|no)\)/g, "$1")
      .replace(/yes&&yes|yes\|\|(?:yes|no)|no\|\|yes/g, "yes")
      .replace(/no&&(?:yes|no)|yes&&no|no\|\|no/g, "no");
  }
  if (rest !== "yes" && rest !== "no") throw new Error(`this test does not understand the pattern ${pattern}`);
  return rest === "yes";
}

function resolveText(value: unknown): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": join } = value as { "Fn::Join"?: readonly [string, readonly unknown[]] };
  return join === undefined ? "reference" : join[1].map(resolveText).join(join[0]);
}
