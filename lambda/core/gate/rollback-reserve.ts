import { type Stop, toStop } from "./decision.ts";

/**
 * One execution has some 3,000 durable operations and 31 days. Of both a share is kept for turning back what it flipped,
 * however long the flips were throttled or paused: they end while as many parts as they had, and four days, are left.
 */
const MOST_FLIP_PARTS = 600;
const MOST_FLIP_DAYS = 27;
const DAY_MS = 86_400_000;

export interface Used {
  /** Each is two durable operations: the step, and the wait after it. */
  readonly parts: number;
  readonly sinceMs: number;
}

/** Why nobody else is flipped in this execution; undefined while the flips have not had their share. */
export function stopToKeepReserve({ parts, sinceMs }: Used): Stop | undefined {
  const used = describeUsed({ parts, sinceMs });
  if (used === undefined) return undefined;
  const reason = `its flips have had their share, ${used}: the rest of what one execution has is kept for turning back; a retry goes on with who was not attempted`;
  return toStop("halt", "share", [reason]);
}

function describeUsed({ parts, sinceMs }: Used): string | undefined {
  if (parts >= MOST_FLIP_PARTS) return `${MOST_FLIP_PARTS} parts`;
  return sinceMs >= MOST_FLIP_DAYS * DAY_MS ? `${MOST_FLIP_DAYS} days` : undefined;
}
