import { createHash } from "node:crypto";

/** The facts of a delivery that mappings may ask for. */
export interface Delivery {
  /** What happened, and where. The words are the sender's: escape them wherever they are shown. */
  readonly what: string;
  /** Who made it happen, where that is known. */
  readonly sender?: string | undefined;
  /** The same for a delivery that is sent again. */
  readonly identity: string;
  readonly happenedAtMs?: number | undefined;
  /** A text by its name or path; undefined where the delivery has none. */
  findText(path: string): string | undefined;
}

/** Thrown for a payload that cannot be read. The message may be shown to a sender whose signature is right. */
export class BadDeliveryError extends Error {
  override readonly name = "BadDeliveryError";
}

/**
 * The deploy event's id. Names of sources have no underscore, so that no source can give the ids of another one.
 */
export function toEventId(source: string, identity: string): string {
  const id = `${source}_${identity}`;
  if (/^[\w-]{1,64}$/.test(id)) return id;
  return `${source}_${createHash("sha256").update(identity).digest("hex").slice(0, 32)}`;
}
