import { createHash } from "node:crypto";

/** The facts of a delivery that mappings can use. */
export interface Delivery {
  /** What happened, and where. The text comes from the sender: escape it before it is shown. */
  readonly what: string;
  /** GitHub's name of the event. */
  readonly event?: string | undefined;
  /** The user who caused the delivery, if known. */
  readonly sender?: string | undefined;
  /** Equal for a delivery that is sent again. */
  readonly identity: string;
  readonly happenedAtMs?: number | undefined;
  /** The text at a name or path. */
  findText(path: string): string | undefined;
}

/** The deploy event's id. The name of a source has no underscore, so no source can make the id of another source. */
export function toEventId(source: string, identity: string): string {
  const id = `${source}_${identity}`;
  if (/^[\w-]{1,64}$/.test(id)) return id;
  return `${source}_${createHash("sha256").update(identity).digest("hex").slice(0, 32)}`;
}
