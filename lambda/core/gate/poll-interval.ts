const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
/** Lambda counts each poll as a durable operation, and one execution has 3,000. */
const MOST_BAKE_POLLS = 600;

/**
 * The seconds between two polls of a bake: a minute, or more when the polls of all bakes of the plan would be too many. A
 * bake is polled at its beginning and at its end as well.
 */
export function toBakeInterval(bakeSeconds: readonly number[]): number {
  const together = bakeSeconds.reduce((sum, seconds) => sum + seconds, 0);
  return Math.max(MINUTE, Math.ceil(together / (MOST_BAKE_POLLS - 2 * bakeSeconds.length)));
}

/** The seconds until the next poll of a wait whose length is not known: a twentieth of the time that it has taken so far. */
export function toHoldInterval(waitedSeconds: number): number {
  const most = waitedSeconds < DAY ? 10 * MINUTE : HOUR;
  return Math.min(Math.max(MINUTE, Math.floor(waitedSeconds / 20)), most);
}
