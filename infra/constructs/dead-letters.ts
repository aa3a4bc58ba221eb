import { Duration, Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/**
 * Keeps each event that could not be delivered, and each whose execution failed, was stopped or timed out. A person
 * decides what to do with it. https://docs.aws.amazon.com/lambda/latest/dg/durable-best-practices.html
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
    // Rules are not named: their stack needs the queue, so the queue cannot need them.
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
