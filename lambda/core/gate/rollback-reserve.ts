import { type Stop, toStop } from "./decision.ts";

/** A part of what one execution has: 3,000 durable operations, counted as Lambda counts them, and 31 days. */
export interface ExecutionShare {
  readonly operations: number;
  readonly days: number;
}

/** The flips leave a reserve for a rollback, however long they were throttled or held. */
export const FLIP_SHARE: ExecutionShare = { operations: 2_500, days: 27 };

/** A rollback leaves enough for its report. */
export const ROLLBACK_SHARE: ExecutionShare = { operations: 2_900, days: 30 };

export interface Used {
  readonly operations: number;
  /** Since the rollout began. */
  readonly elapsedMs: number;
}

export const DAY_MS = 86_400_000;

/** Why the work ends in this execution; undefined while it has not used up its share. */
export function stopToKeepReserve({ operations, elapsedMs }: Used, share: ExecutionShare): Stop | undefined {
  const used = [
    ...(operations >= share.operations ? [`${operations} durable operations`] : []),
    ...(elapsedMs >= share.days * DAY_MS ? [`${share.days} days`] : []),
  ];
  return used.length === 0 ? undefined : toStop("halt", "share", [{ code: "rollback-reserve", used: used.join(", ") }]);
}
