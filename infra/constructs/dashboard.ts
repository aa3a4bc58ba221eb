import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  CustomWidget,
  GraphWidget,
  type IAlarm,
  type IMetric,
  LogQueryWidget,
  TextWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { GATES, RESTORES } from "../../lambda/aws/worker-metrics.ts";
import type { FunctionMetrics, OwnMetrics } from "./metrics.ts";

export interface DashboardProps {
  readonly service: string;
  /** The worker's log group. */
  readonly logGroup: ILogGroup;
  readonly own: OwnMetrics;
  readonly metrics: FunctionMetrics;
  readonly alarms: readonly IAlarm[];
  /** The alarms that the gates watch, by name. */
  readonly gateAlarms: readonly string[];
  /** Answers the widget that shows and steers the rollout, with the viewer's own rights. */
  readonly widget: IFunction;
  readonly hasWebhooks: boolean;
}

const WIDTH = 24;
/** It is the same at any size and for any time range, and each call reads the ledger. */
const WIDGET = { width: WIDTH, height: 14, updateOnResize: false, updateOnTimeRangeChange: false };

/** One page for the person on call: alarms, running rollouts, ends of rollouts. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { service, logGroup, alarms, gateAlarms, widget } = props;
    const query = (title: string, fields: string, message: string) => [
      new LogQueryWidget({
        title,
        logGroupNames: [logGroup.logGroupName],
        queryLines: [`fields ${fields}`, `filter message = "${message}"`, "sort @timestamp desc", "limit 20"],
        width: WIDTH,
        height: 6,
      }),
    ];
    const find = (name: string) => Alarm.fromAlarmName(this, name, name);
    const counts = ["flipped", "unchanged", "skipped", "failed"].map((outcome) => `counts.${outcome}`).join(", ");
    new CloudWatchDashboard(this, "Dashboard", {
      dashboardName: service,
      defaultInterval: Duration.hours(24),
      widgets: [
        [new TextWidget({ markdown: toIntroduction(service), width: WIDTH, height: 3 })],
        [new CustomWidget({ title: "The rollout", functionArn: widget.functionArn, ...WIDGET })],
        gateAlarms.length === 0 ? [] : [toAlarms("Alarms that the gates watch", gateAlarms.map(find))],
        [toAlarms("Alarms", alarms)],
        query("The last rollouts", `@timestamp, rolloutId, status, ${counts}`, "rollout ended"),
        query("The running rollout", "@timestamp, rolloutId, done, total, failed, pacePerSecond", "batch recorded"),
        toGraphs(props),
      ],
    });
  }
}

function toAlarms(title: string, alarms: readonly IAlarm[]): AlarmStatusWidget {
  return new AlarmStatusWidget({ title, alarms: [...alarms], width: WIDTH, height: 3 });
}

function toIntroduction(service: string): string {
  return [
    `# ${service}`,
    'The widget shows the rollout that runs, or else the last one, and steers it with your own rights. The report of another rollout: invoke the front door with `{"command":"status","rolloutId":…}` and a rolloutId from below. docs/runbook.md says more under "Steering a rollout".',
  ].join("\n");
}

function toGraphs({ own, metrics, hasWebhooks }: DashboardProps): GraphWidget[] {
  const graph = (title: string, left: readonly IMetric[]) =>
    new GraphWidget({ title, left: [...left], width: WIDTH / 3, height: 6 });
  const ends = ["Succeeded", "Partial", "RolledBack", "Halted", "Aborted", "Failed", "Refused"] as const;
  const outcomes = ["Flipped", "Unchanged", "Deferred", "Skipped", "Failed"] as const;
  const gates = Object.values(GATES).map(own);
  const { executionStarted, executionFailed, executionTimedOut, workerErrors } = metrics;
  return [
    graph("Rollouts by their end", [...ends.map((end) => own(`Rollout${end}`)), own("SignInRefused")]),
    graph("Customers by their outcome", outcomes.map(own)),
    graph("Starts, gates and notifications", [own("RolloutStarted"), ...gates, own("NotificationFailed")]),
    graph("Customers of rollbacks", [RESTORES.restored, RESTORES.conflicting, RESTORES.failed].map(own)),
    graph("Executions", [executionStarted, executionFailed, executionTimedOut, workerErrors]),
    graph("Doors", [
      metrics.frontDoorErrors,
      metrics.throttles,
      metrics.deadLetters,
      ...(hasWebhooks ? (["WebhookFailed", "SignatureRefused"] as const).map(own) : []),
    ]),
  ];
}
