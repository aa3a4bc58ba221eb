import { Duration } from "aws-cdk-lib";
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  LogQueryWidget,
  TextWidget,
} from "aws-cdk-lib/aws-cloudwatch";
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
  readonly hasWebhooks: boolean;
}

const WIDTH = 24;

/** One page for the person on call: alarms, running rollouts, ends of rollouts. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { service, logGroup, alarms } = props;
    const query = (title: string, fields: string, message: string) => [
      new LogQueryWidget({
        title,
        logGroupNames: [logGroup.logGroupName],
        queryLines: [`fields ${fields}`, `filter message = "${message}"`, "sort @timestamp desc", "limit 20"],
        width: WIDTH,
        height: 6,
      }),
    ];
    const counts = ["flipped", "unchanged", "skipped", "failed"].map((outcome) => `counts.${outcome}`).join(", ");
    new CloudWatchDashboard(this, "Dashboard", {
      dashboardName: service,
      defaultInterval: Duration.hours(24),
      widgets: [
        [new TextWidget({ markdown: toIntroduction(service), width: WIDTH, height: 3 })],
        [new AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width: WIDTH, height: 3 })],
        query("The last rollouts", `@timestamp, rolloutId, status, ${counts}`, "rollout ended"),
        query("The running rollout", "@timestamp, rolloutId, done, total, failed, pacePerSecond", "batch recorded"),
        toGraphs(props),
      ],
    });
  }
}

function toIntroduction(service: string): string {
  return [
    `# ${service}`,
    'The report of one rollout: invoke the front door with `{"command":"status","rolloutId":…}` and a rolloutId from below. To stop one rollout, send the command `abort` with its rolloutId; to stop all of them, `stop-everything`. docs/runbook.md has both under "Steering a rollout".',
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
