import { CfnOutput } from "aws-cdk-lib";
import { EventBus, type IEventBus } from "aws-cdk-lib/aws-events";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Alias } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

/** Where the events and the alerts of rollouts go; docs/changes.md describes them. */
export interface NotificationTargets {
  /**
   * The addresses that get the alerts. Each must be confirmed by a first mail.
   * @default - none; anything else that SNS knows can subscribe to the topic
   */
  readonly emails?: readonly string[];
  /** The bus that gets the events. @default - the account's default bus */
  readonly bus?: IEventBus;
}

export interface NotificationsProps extends NotificationTargets {
  readonly service: string;
}

/** A bus for machines, and a topic of this environment's own for people. */
export class Notifications extends Construct {
  readonly topic: Topic;
  readonly bus: IEventBus;

  constructor(scope: Construct, id: string, { service, emails = [], bus }: NotificationsProps) {
    super(scope, id);
    this.topic = new Topic(this, "Alerts", {
      displayName: service,
      enforceSSL: true,
      // AWS's own key can be used by everything that may use the topic.
      masterKey: Alias.fromAliasName(this, "Key", "alias/aws/sns"),
    });
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
    // CDK's own grant adds rights on every key of the account, which AWS's own key does not need.
    Grant.addToPrincipal({ grantee, actions: ["sns:Publish"], resourceArns: [this.topic.topicArn] });
  }
}
