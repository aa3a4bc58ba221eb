import type { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import type { CutoverMetrics } from "./metrics.ts";

export interface AlarmsProps {
  readonly service: string;
  readonly metrics: CutoverMetrics;
  readonly stuckAfter: Duration;
  readonly topic?: ITopic | undefined;
}

interface AlarmSpec {
  /** Also its heading in docs/runbook.md. */
  readonly name: string;
  readonly says: string;
  readonly metric: IMetric;
  /** @default 1 */
  readonly threshold?: number;
  /** For how many periods in a row. @default 1 */
  readonly periods?: number;
}

/** What somebody is to be told of; docs/runbook.md has a section for each. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.alarms = toSpecs(props).map((spec) => this.#makeAlarm(spec, props));
  }

  #makeAlarm({ name, says, metric, threshold = 1, periods = 1 }: AlarmSpec, { service, topic }: AlarmsProps): Alarm {
    const alarm = new Alarm(this, name, {
      alarmName: `${service}-${name}`,
      alarmDescription: `${says} What to do: docs/runbook.md, "${name}".`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (topic !== undefined) alarm.addAlarmAction(new SnsAction(topic));
    return alarm;
  }
}

function toSpecs({ metrics, stuckAfter }: AlarmsProps): readonly AlarmSpec[] {
  const { webhook } = metrics;
  return [
    { name: "rollout-failed", says: "A rollout broke off on its way.", metric: metrics.rolloutFailed },
    { name: "rollout-refused", says: "A rollout was refused; nobody was flipped.", metric: metrics.rolloutRefused },
    { name: "rollout-halted", says: "A gate stopped a rollout where it was.", metric: metrics.rolloutHalted },
    { name: "rollout-rolled-back", says: "A rollout was turned back.", metric: metrics.rolloutRolledBack },
    {
      name: "not-flipped-back",
      says: "Customers of a rollout that was turned back could not be flipped back.",
      metric: metrics.notFlippedBack,
    },
    { name: "tell-failed", says: "News of a rollout could not be told to anybody.", metric: metrics.tellFailed },
    { name: "sign-in-refused", says: "Evo Voice refuses the login in the secret.", metric: metrics.signInRefused },
    { name: "rollout-partial", says: "A rollout ended with customers that failed.", metric: metrics.rolloutPartial },
    { name: "execution-failed", says: "The worker refused an event or broke off.", metric: metrics.executionFailed },
    { name: "execution-timed-out", says: "A rollout ran out of its days.", metric: metrics.executionTimedOut },
    {
      name: "rollout-stuck",
      says: `A rollout has been running for ${stuckAfter.toHours()} hours.`,
      metric: metrics.running,
      periods: stuckAfter.toHours(),
    },
    {
      name: "worker-errors",
      says: "The worker's invocations fail again and again.",
      metric: metrics.workerErrors,
      threshold: 3,
    },
    {
      name: "start-errors",
      says: "The front door refused events or failed.",
      metric: metrics.startErrors,
      // One is a person's slip of the pen; a trigger is tried three times.
      threshold: 3,
    },
    { name: "throttled", says: "Lambda has no capacity left for a function of Cutover.", metric: metrics.throttles },
    {
      name: "dead-letters",
      says: "An event was given up, or its rollout ended by force: ask for its status first.",
      metric: metrics.deadLetters,
    },
    ...(webhook === undefined
      ? []
      : [
          { name: "webhook-errors", says: "The public door could not take a delivery.", metric: webhook.errors },
          {
            name: "signature-refused",
            says: "Somebody sends webhooks with wrong signatures.",
            metric: webhook.signatureRefused,
            threshold: 5,
          },
        ]),
  ];
}
