import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { FLIP_SHARE } from "../../lambda/core/gate/rollback-reserve.ts";
import { type FunctionMetrics, type OwnMetrics, sumOf } from "./metrics.ts";

export interface AlarmSpec {
  /** A heading of docs/runbook.md has the same name. */
  readonly name: string;
  readonly says: string;
  readonly metric: IMetric;
  /** @default 1 */
  readonly threshold?: number;
  /** So many of the last `periods` periods must reach the threshold. @default 1 */
  readonly breaching?: number;
  /** @default 1 */
  readonly periods?: number;
}

export interface AlarmsProps {
  readonly service: string;
  readonly specs: readonly AlarmSpec[];
  /** The topic that gets the alarms. @default - none: the dashboard shows them */
  readonly topic?: ITopic | undefined;
}

/** The alarms of an environment; docs/runbook.md has a section for each. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { service, specs, topic }: AlarmsProps) {
    super(scope, id);
    this.alarms = specs.map(({ name, says, metric, threshold = 1, breaching = 1, periods = 1 }) => {
      const alarm = new Alarm(this, name, {
        alarmName: `${service}-${name}`,
        alarmDescription: `${says} What to do: docs/runbook.md, "${name}".`,
        metric,
        threshold,
        datapointsToAlarm: breaching,
        evaluationPeriods: periods,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      if (topic !== undefined) alarm.addAlarmAction(new SnsAction(topic));
      return alarm;
    });
  }
}

/**
 * The alarms of the worker and the front door. The execution of a failed rollout succeeds, because it wrote the report. So
 * the ends of rollouts are metrics of the worker.
 */
export function toAlarmSpecs(own: OwnMetrics, metrics: FunctionMetrics): readonly AlarmSpec[] {
  return [
    toSpec("rollout-failed", "A rollout failed.", own("RolloutFailed")),
    toSpec("rollout-refused", "A rollout was refused; it flipped no customer.", own("RolloutRefused")),
    toSpec("rollout-halted", "A gate halted a rollout.", own("RolloutHalted")),
    toSpec("rollout-rolled-back", "A rollout was rolled back.", own("RolloutRolledBack")),
    toSpec("not-restored", "A rollback could not restore some of its customers.", own("NotRestored")),
    toSpec("notification-failed", "A notification of a rollout could not be sent.", own("NotificationFailed")),
    toSpec("sign-in-refused", "Evo Voice refuses the login in the secret.", own("SignInRefused")),
    toSpec("rollout-partial", "A rollout ended with customers that failed.", own("RolloutPartial")),
    toSpec("execution-failed", "The worker refused an event or failed.", metrics.executionFailed),
    toSpec("execution-timed-out", "A rollout ran for too many days.", metrics.executionTimedOut),
    toSpec("operations-used-up", "A rollout has used its share of durable operations.", metrics.operations, {
      threshold: FLIP_SHARE.operations,
    }),
    // Lambda repeats a failed invocation ever later, so the errors of a rollout that is stuck come apart.
    toSpec("rollout-stuck", "The worker's invocations fail again and again.", metrics.workerErrors, STUCK),
    // A single error is a person's typing error. AWS delivers the event of a trigger three times.
    toSpec("front-door-errors", "The front door refused events or failed.", metrics.frontDoorErrors, { threshold: 3 }),
    toSpec("throttled", "Lambda has no capacity left for a function of Cutover.", metrics.throttles),
    toSpec("dead-letters", "AWS gave up an event, or a rollout was stopped by force.", metrics.deadLetters),
  ];
}

/** The names of the webhook's alarms, for stacks that cannot refer to the webhook's stack. */
export const WEBHOOK_ALARMS = ["webhook-errors", "signature-refused"] as const;

/** The alarms of the webhook. It answers a failure with 503, which Lambda does not count as an error. */
export function toWebhookAlarmSpecs(own: OwnMetrics, failed: readonly IMetric[]): readonly AlarmSpec[] {
  const [errors, refused] = WEBHOOK_ALARMS;
  const lost = sumOf("failedDeliveries", [...failed, own("WebhookFailed")]);
  return [
    toSpec(errors, "The webhook could not process a delivery.", lost),
    toSpec(refused, "Webhooks arrive with wrong signatures.", own("SignatureRefused"), { threshold: 5 }),
  ];
}

const STUCK = { breaching: 3, periods: 6 };

type Limits = Pick<AlarmSpec, "threshold" | "breaching" | "periods">;

function toSpec(name: string, says: string, metric: IMetric, limits: Limits = {}): AlarmSpec {
  return { name, says, metric, ...limits };
}
