import { answerUnavailable, type WebhookResponse } from "./answer.ts";
import type { WebhookPorts } from "./ports.ts";

/**
 * Answers before the sender hangs up and before the function times out, even when AWS is slow: only an answer is counted,
 * logged and tried again. Work under way may still start the rollout; the next try then joins the rollout.
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
