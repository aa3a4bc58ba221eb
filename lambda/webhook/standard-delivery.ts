import * as z from "zod";
import { valueAt } from "../contract/member-of.ts";
import { findProblems, formatProblems } from "../contract/problems.ts";
import type { Delivery } from "./delivery.ts";
import { RefusedDeliveryError } from "./refused-delivery-error.ts";

const TIME = "expected the time of what happened, such as 2026-11-23T10:00:00Z, or none";

const Envelope = z.object(
  { timestamp: z.iso.datetime({ offset: true, error: TIME }).optional() },
  { error: "expected an object" },
);

/**
 * Reads a payload whose signature was right; `id` is the signed id of the headers. Only the payload's time counts: the
 * header's time is that of the attempt, and a sender may repeat a delivery for days. A time that cannot be read is
 * refused: without a time, a delivery of any age would start its rollout. A `type` is no must: GitLab sends none.
 * @throws RefusedDeliveryError
 */
export function readStandardDelivery(id: string, payload: unknown): Delivery {
  const envelope = Envelope.safeParse(payload);
  if (!envelope.success) {
    const problems = formatProblems(findProblems(envelope.error, payload));
    throw new RefusedDeliveryError(`the payload does not follow Standard Webhooks:\n${problems}`, { status: 400 });
  }
  const { timestamp } = envelope.data;
  const findText = (path: string) => {
    const text = valueAt(payload, path.split("."));
    return typeof text === "string" ? text : undefined;
  };
  return {
    what: `delivery of type ${findText("type") ?? "unknown"}`,
    identity: id,
    happenedAtMs: timestamp === undefined ? undefined : Date.parse(timestamp),
    findText,
  };
}
