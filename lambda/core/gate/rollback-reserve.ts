import { type Stop, toStop } from "./decision.ts";

/**
 * One execution has 3,000 durable operations and 31 days. A reserve of both is kept for the rollback, however long the
 * flips were throttled or paused: the flips end while as many parts as they used, and four days, are left.
 */
const MOST_FLIP_PARTS = 600;
const MOST_FLIP_DAYS = 27;
const DAY_MS = 86_400_000;

export interface Used {
  /** Each part is two durable operations: the step, and the wait after it. */
  readonly parts: number;
  readonly sinceMs: number;
}

/** Why no further customer is flipped in this execution; undefined while the flips have not used up their share. */
export function stopToKeepReserve({ parts, sinceMs }: Used): Stop | undefined {
  const used = describeUsed({ parts, sinceMs });
  if (used === undefined) return undefined;
  return toStop("halt", "share", [{ code: "rollback-reserve", used }]);
}

function describeUsed({ parts, sinceMs }: Used): string | undefined {
  if (parts >= MOST_FLIP_PARTS) return `${MOST_FLIP_PARTS} parts`;
  return sinceMs >= MOST_FLIP_DAYS * DAY_MS ? `${MOST_FLIP_DAYS} days` : undefined;
}
