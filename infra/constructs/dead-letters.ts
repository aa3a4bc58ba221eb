import { Duration, Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/**
 * Keeps the events that could not be delivered, and the events whose execution failed, was stopped or timed out. A person
 * decides what to do with them. https://docs.aws.amazon.com/lambda/latest/dg/durable-best-practices.html
 */
export class DeadLetters extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, "Queue", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    // A wildcard, because the stack of the rules depends on the queue.
    const anyRule = Stack.of(this).formatArn({ service: "events", resource: "rule", resourceName: "*" });
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("events.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [this.queue.queueArn],
        conditions: { ArnLike: { "aws:SourceArn": anyRule } },
      }),
    );
    Validations.of(this.queue).acknowledge({ id: "AwsSolutions-SQS3", reason: "It is the dead-letter queue." });
  }
}
