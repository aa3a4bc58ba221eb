import { CfnOutput } from "aws-cdk-lib";
import { EventBus, type IEventBus } from "aws-cdk-lib/aws-events";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { type CfnTopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

/** The targets of events and alerts; docs/changes.md describes both. */
export interface NotificationTargets {
  /**
   * The e-mail addresses that get the alerts. AWS asks each address for a confirmation.
   * @default - none; other kinds of subscribers can subscribe to the topic
   */
  readonly emails?: readonly string[];
  /** The bus that gets the events. @default - the account's default bus */
  readonly bus?: IEventBus;
}

export interface NotificationsProps extends NotificationTargets {
  readonly service: string;
}

/** A bus for machines, and a topic for people. */
export class Notifications extends Construct {
  readonly topic: Topic;
  readonly bus: IEventBus;

  constructor(scope: Construct, id: string, { service, emails = [], bus }: NotificationsProps) {
    super(scope, id);
    this.topic = new Topic(this, "Alerts", {
      displayName: service,
      enforceSSL: true,
    });
    // AWS's key by its short name: given as an ARN, AWS does not create the key in an account that has none yet
    // (aws-cdk issue 22605), and CDK writes an ARN. Everything that may use the topic may also use AWS's key.
    (this.topic.node.defaultChild as CfnTopic).kmsMasterKeyId = "alias/aws/sns";
    for (const email of new Set(emails)) this.topic.addSubscription(new EmailSubscription(email));
    this.bus = bus ?? EventBus.fromEventBusName(this, "Bus", "default");
    new CfnOutput(this, "Topic", {
      value: this.topic.topicArn,
      description: "The topic that alerts are published to; subscribe to it",
    });
  }

  /** Allows to put events on this bus and to publish to this topic. */
  grantNotify(grantee: IGrantable): void {
    this.bus.grantPutEventsTo(grantee);
    // CDK's grant would add permissions on every key of the account. AWS's key does not need them.
    Grant.addToPrincipal({ grantee, actions: ["sns:Publish"], resourceArns: [this.topic.topicArn] });
  }
}
