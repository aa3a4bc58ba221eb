import { Annotations, CfnOutput, Stack } from "aws-cdk-lib";
import { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { parsePolicy, refuseConfig } from "../../lambda/config.ts";
import type { Policy } from "../../lambda/contract/policy.ts";
import { findSecretValues } from "../secret-values.ts";
import { Alarms, toAlarmSpecs, WEBHOOK_ALARMS } from "./alarms.ts";
import type { DeploymentProps, PolicyInput } from "./bundled-function.ts";
import { Dashboard } from "./dashboard.ts";
import { DeadLetters } from "./dead-letters.ts";
import { EmptySecret } from "./empty-secret.ts";
import { FrontDoor } from "./front-door.ts";
import { LedgerTable } from "./ledger-table.ts";
import { toFunctionMetrics, toOwnMetrics } from "./metrics.ts";
import { Notifications, type NotificationTargets } from "./notifications.ts";
import { toSecretId } from "./secret-access.ts";
import { Worker } from "./worker.ts";

/** The account ids of the shipped policy and of docs/deploy.md. A synth allows them, so that it works in a fresh clone. */
const PLACEHOLDER = /(?:^|[-_.])(?:your|replace)[-_.]/i;
const NO_SUBSCRIBER =
  "an alert reaches no person: name addresses in `notifications.emails`, or write an empty list there when other subscribers follow";
const NO_ALARM_TOPIC = "an alarm reaches no person, only the dashboard shows it: name an SNS topic as `alarmTopic`";

export interface CutoverProps {
  /** The policy of this environment. It is checked at synth and is part of each function's code. */
  readonly policy: PolicyInput;
  /** The name in logs, metrics, alarms and the dashboard; unique in a region. @default - the stack's name */
  readonly service?: string;
  /** The Evo Voice login: JSON with `userName` and `password`. @default - an empty secret SERVICE/evovoice */
  readonly login?: ISecret;
  /** The targets of events and alerts. @default - the account's default bus, and a topic without subscribers */
  readonly notifications?: NotificationTargets;
  /** The topic that gets the alarms. @default - none: the dashboard shows them */
  readonly alarmTopic?: ITopic;
  /** How long CloudWatch keeps the logs. @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays;
}

/**
 * Cutover for one Evo Voice environment: worker, front door, ledger, notifications, alarms and dashboard. The triggers are
 * separate constructs: `Schedules`, `EventTriggers`, `GitHubAccess` and `Webhook`.
 */
export class Cutover extends Construct {
  readonly policy: Policy;
  readonly deployment: DeploymentProps;
  readonly ledger: LedgerTable;
  readonly worker: Worker;
  readonly frontDoor: FrontDoor;
  readonly notifications: Notifications;
  readonly deadLetters: DeadLetters;

  constructor(scope: Construct, id: string, props: CutoverProps) {
    super(scope, id);
    const { policy, service = Stack.of(this).stackName, logRetention = RetentionDays.THREE_MONTHS } = props;
    this.policy = checkPolicy(policy);
    this.deployment = { service, policy, logRetention };
    this.#warn(props);
    this.deadLetters = new DeadLetters(this, "DeadLetters");
    this.ledger = new LedgerTable(this, "Ledger");
    this.notifications = new Notifications(this, "Notifications", { service, ...props.notifications });
    const { deployment, ledger, notifications } = this;
    const deadLetters = this.deadLetters.queue;
    const login = props.login ?? new EmptySecret(this, "Login", toLoginSecret(service)).secret;
    const description = "The secret with the Evo Voice login, which cutover login writes";
    new CfnOutput(this, "LoginSecret", { value: toSecretId(login), description });
    this.worker = new Worker(this, "Worker", { ...deployment, ledger, login, notifications, deadLetters });
    this.frontDoor = new FrontDoor(this, "FrontDoor", { ...deployment, ledger, worker: this.worker, deadLetters });
    this.#addObservation(props);
  }

  /** Allows to read reports, customers and controls by the front door, and dry runs, which move nothing. */
  grantRead(grantee: IGrantable): Grant {
    return this.frontDoor.grant("read", grantee);
  }

  /** Allows to start rollouts, also rollbacks, without an `override`. */
  grantStart(grantee: IGrantable): Grant {
    return this.frontDoor.grant("start", grantee);
  }

  /** Allows to steer running rollouts, and to change the controls. */
  grantSteer(grantee: IGrantable): Grant {
    return this.frontDoor.grant("steer", grantee);
  }

  /** Allows to approve and to reject waves that wait for it. */
  grantApprove(grantee: IGrantable): Grant {
    return this.frontDoor.grant("approve", grantee);
  }

  /** Allows to start rollouts that have an `override`, and only those. */
  grantOverride(grantee: IGrantable): Grant {
    return this.frontDoor.grant("override", grantee);
  }

  /** Allows to read reports and outcomes from the ledger. */
  grantReadLedger(grantee: IGrantable): Grant {
    return this.ledger.grantRead(grantee);
  }

  #warn({ notifications, alarmTopic }: CutoverProps): void {
    const annotations = Annotations.of(this);
    const placeholder = this.policy.accountIds.find((id) => PLACEHOLDER.test(id));
    if (placeholder !== undefined) {
      const message = `the policy's accountIds hold "${placeholder}": write the ids of the Evo Voice accounts whose customers may be flipped; \`npm run deploy\` refuses this policy`;
      if (this.node.tryGetContext("deploy") === undefined) annotations.addWarningV2("cutover:placeholder", message);
      else annotations.addError(message);
    }
    if (notifications?.emails === undefined) annotations.addWarningV2("cutover:no-subscriber", NO_SUBSCRIBER);
    if (alarmTopic === undefined) annotations.addWarningV2("cutover:no-alarm-topic", NO_ALARM_TOPIC);
  }

  #addObservation({ alarmTopic: topic }: CutoverProps): void {
    const { worker, frontDoor } = this;
    const { service } = this.deployment;
    const own = toOwnMetrics(service);
    const metrics = toFunctionMetrics(worker, frontDoor, this.deadLetters.queue);
    const { alarms } = new Alarms(this, "Alarms", { service, topic, specs: toAlarmSpecs(own, metrics) });
    const hasWebhooks = Object.keys(this.policy.webhooks ?? {}).length > 0;
    const webhookAlarms = (hasWebhooks ? WEBHOOK_ALARMS : []).map((name) =>
      Alarm.fromAlarmName(this, name, `${service}-${name}`),
    );
    new Dashboard(this, "Dashboard", {
      service,
      logGroup: worker.logGroup,
      own,
      metrics,
      alarms: [...alarms, ...webhookAlarms],
      gateAlarms: this.policy.alarms ?? [],
      widget: frontDoor.aliases.read,
      hasWebhooks,
    });
  }
}

/** The empty secret for the login of an environment. */
export function toLoginSecret(service: string) {
  const description = `The Evo Voice sign-in of ${service}: {"userName": …, "password": …}`;
  return { name: `${service}/evovoice`, description };
}

function checkPolicy(input: PolicyInput): Policy {
  const secrets = findSecretValues(input);
  if (secrets.length > 0) throw refuseConfig("the policy", secrets);
  return parsePolicy(input);
}
