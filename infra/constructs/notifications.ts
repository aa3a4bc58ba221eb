import { CfnOutput } from "aws-cdk-lib";
import { EventBus, type IEventBus } from "aws-cdk-lib/aws-events";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import { Alias } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { grantTo } from "./grant-to.ts";

/** Whom a deployment tells what becomes of its rollouts; docs/changes.md says what it tells. */
export interface TellTargets {
  /**
   * Who gets the messages for a person; each confirms it by a first mail. Others subscribe to the topic themselves.
   * @default - nobody
   */
  readonly emails?: readonly string[] | undefined;
  /**
   * The name or ARN of the event bus that changes of state are put on.
   * @default - the account's default bus
   */
  readonly bus?: string | undefined;
}

export interface TellProps extends TellTargets {
  readonly service: string;
}

/** A bus for machines, and a topic of this deployment's own for people. */
export class Tell extends Construct {
  readonly topic: Topic;
  readonly bus: IEventBus;
  /** What the worker is configured by. */
  readonly environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { service, emails = [], bus = "default" }: TellProps) {
    super(scope, id);
    this.topic = new Topic(this, "People", {
      displayName: service,
      enforceSSL: true,
      // AWS's own key lets everybody use it who may use the topic.
      masterKey: Alias.fromAliasName(this, "Key", "alias/aws/sns"),
    });
    for (const email of new Set(emails)) this.topic.addSubscription(new EmailSubscription(email));
    this.bus = bus.startsWith("arn:")
      ? EventBus.fromEventBusArn(this, "Bus", bus)
      : EventBus.fromEventBusName(this, "Bus", bus);
    this.environment = { CUTOVER_EVENT_BUS: bus, CUTOVER_TOPIC_ARN: this.topic.topicArn };
    new CfnOutput(this, "Topic", {
      value: this.topic.topicArn,
      description: "Where messages for a person are published; subscribe to it",
    });
  }

  /** Allows to put events on this bus and to publish to this topic. */
  grantTell(grantee: IGrantable): void {
    grantTo(grantee, { actions: ["events:PutEvents"], resourceArns: [this.bus.eventBusArn] });
    grantTo(grantee, { actions: ["sns:Publish"], resourceArns: [this.topic.topicArn] });
  }
}
