import { Duration } from "aws-cdk-lib";
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  LogQueryWidget,
  TextWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { CutoverMetrics } from "./metrics.ts";
import type { Worker } from "./worker.ts";

export interface OverviewProps {
  readonly service: string;
  readonly worker: Worker;
  readonly metrics: CutoverMetrics;
  readonly alarms: readonly Alarm[];
}

const WIDTH = 24;

/** One page for the person on call, read from top to bottom: is anything wrong, what is running, how did it end. */
export class Overview extends Construct {
  constructor(scope: Construct, id: string, { service, worker, metrics, alarms }: OverviewProps) {
    super(scope, id);
    const { logGroupName } = worker.bundled.logGroup;
    const ask = (title: string, queryLines: string[], height: number) =>
      new LogQueryWidget({ title, logGroupNames: [logGroupName], queryLines, width: WIDTH, height });
    new Dashboard(this, "Dashboard", {
      dashboardName: service,
      defaultInterval: Duration.hours(24),
      widgets: [
        [new TextWidget({ markdown: toIntroduction(service), width: WIDTH, height: 3 })],
        [new AlarmStatusWidget({ title: "Is anything wrong?", alarms: [...alarms], width: WIDTH, height: 3 })],
        [
          ask(
            "How the last rollouts ended",
            [
              "fields @timestamp, rolloutId, status, counts.flipped, counts.unchanged, counts.skipped, counts.failed",
              'filter message = "rollout ended"',
              "sort @timestamp desc",
              "limit 20",
            ],
            6,
          ),
        ],
        [
          ask(
            "How far the running rollout is",
            [
              "fields @timestamp, rolloutId, done, total, failed, pacePerSecond",
              'filter message = "batch recorded"',
              "sort @timestamp desc",
              "limit 20",
            ],
            6,
          ),
        ],
        toGraphs(metrics),
      ],
    });
  }
}

function toIntroduction(service: string): string {
  return [
    `# ${service}`,
    'What became of one rollout: the `start` function, test event `status`, with the rolloutId from below. Stop it: the command `abort` with its rolloutId; stop all of them: `stop-everything`; docs/runbook.md has both under "Steering a rollout".',
  ].join("\n");
}

function toGraphs(metrics: CutoverMetrics): GraphWidget[] {
  const { webhook } = metrics;
  const graph = (title: string, left: ConstructorParameters<typeof GraphWidget>[0]["left"]) =>
    new GraphWidget({ title, ...(left && { left }), width: WIDTH / 3, height: 6 });
  return [
    graph("Rollouts by their end", [
      metrics.rolloutSucceeded,
      metrics.rolloutPartial,
      metrics.rolloutRolledBack,
      metrics.rolloutHalted,
      metrics.rolloutAborted,
      metrics.rolloutFailed,
      metrics.rolloutRefused,
      metrics.signInRefused,
    ]),
    graph("Customers by their outcome", [...metrics.outcomes]),
    graph("Rollouts on their way", [metrics.rolloutStarted, ...metrics.gates, metrics.tellFailed]),
    graph("Customers turned back", [...metrics.reverts, metrics.notFlippedBack]),
    graph("Executions", [
      metrics.executionStarted,
      metrics.executionFailed,
      metrics.executionTimedOut,
      metrics.running,
    ]),
    graph("Doors", [
      metrics.startErrors,
      metrics.throttles,
      metrics.deadLetters,
      ...(webhook ? [webhook.errors, webhook.signatureRefused] : []),
    ]),
  ];
}
