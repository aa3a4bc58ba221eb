import { Duration, Validations } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/**
 * Where an event waits that nobody could take, and one whose execution failed, was stopped or ran out of its days: a
 * person decides what becomes of it. https://docs.aws.amazon.com/lambda/latest/dg/durable-best-practices.html
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
    Validations.of(this.queue).acknowledge({ id: "AwsSolutions-SQS3", reason: "It is the dead-letter queue." });
  }
}
