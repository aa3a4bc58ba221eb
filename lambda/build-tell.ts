import type { Logger } from "@aws-lambda-powertools/logger";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SNSClient } from "@aws-sdk/client-sns";
import { createChangeMetrics } from "./aws/change-metrics.ts";
import { createTell, TELL_CLIENT_OPTIONS } from "./aws/tell.ts";
import type { Config } from "./config.ts";

/**
 * Joins the words to the outside with whom they go to, as far as they are configured. The worker's role needs
 * `events:PutEvents` on the bus and `sns:Publish` on the topic.
 */
export function buildTell({ eventBus, topicArn }: Pick<Config, "eventBus" | "topicArn">, log: Pick<Logger, "error">) {
  return createTell({
    ...(eventBus !== undefined && { bus: { client: new EventBridgeClient(TELL_CLIENT_OPTIONS), name: eventBus } }),
    ...(topicArn !== undefined && { topic: { client: new SNSClient(TELL_CLIENT_OPTIONS), arn: topicArn } }),
    log: { error: (message, fields) => log.error(message, fields) },
    metrics: createChangeMetrics(),
  });
}
