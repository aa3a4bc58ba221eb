import { answerUnavailable, type WebhookResponse } from "./answer.ts";
import type { WebhookPorts } from "./ports.ts";

/**
 * Answers before the sender hangs up and the function times out, even when AWS is slow: a sender repeats a delivery only
 * after an answer. The delivery in progress may still start the rollout; the repeated delivery then joins it.
 */
export async function answerInTime(
  { log, count }: Pick<WebhookPorts, "log" | "count">,
  answer: Promise<WebhookResponse>,
  withinMs: number,
): Promise<WebhookResponse> {
  const late = Promise.withResolvers<WebhookResponse>();
  const timer = setTimeout(() => {
    count("WebhookFailed");
    log.error("delivery not answered in time", { withinMs });
    late.resolve(answerUnavailable());
  }, withinMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
