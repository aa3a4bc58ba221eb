import * as z from "zod";
import { BadDeliveryError, type Delivery } from "./delivery.ts";

const Envelope = z.object({
  type: z.string().max(1_000),
  timestamp: z.iso.datetime({ offset: true }).optional().catch(undefined),
});

/**
 * Understands a payload whose signature was right; `id` is the signed one of its headers.
 * Only the payload's own time counts: that of the headers is of the attempt, and a delivery may be tried for days.
 * @throws BadDeliveryError
 */
export function readStandardDelivery(id: string, payload: unknown): Delivery {
  const envelope = Envelope.safeParse(payload);
  if (!envelope.success) throw new BadDeliveryError("the payload has no type; expected an object with a text there");
  const { type, timestamp } = envelope.data;
  return {
    what: `delivery of type ${type}`,
    identity: id,
    happenedAtMs: timestamp === undefined ? undefined : Date.parse(timestamp),
    findText: (path) => findText(payload, path),
  };
}

function findText(payload: unknown, path: string): string | undefined {
  const value = path
    .split(".")
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === "object" && inner !== null && Object.hasOwn(inner, name)
          ? (inner as Readonly<Record<string, unknown>>)[name]
          : undefined,
      payload,
    );
  return typeof value === "string" ? value : undefined;
}
