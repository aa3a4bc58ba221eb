import type { Wave } from "./wave.ts";

/** The longest bake, a week. */
export const MOST_BAKE_MINUTES = 10_080;

/** The longest wait for an approval, a week. */
export const MOST_APPROVAL_HOURS = 168;

/** One execution has 27 days for its flips (`core/gate/rollback-reserve.ts`), and a day of them is for the flips. */
const MOST_DAYS_OF_WAITS = 26;

/** A wait for an approval of five days is some 300 polls (`core/gate/poll-interval.ts`), of 2,500 durable operations. */
const MOST_APPROVALS = 5;

/** Why an execution is too short for these bakes and approvals, in minutes; undefined when they fit. */
export function findLongWaits(bakes: readonly number[], approvals: readonly number[] = []): string | undefined {
  if (approvals.length > MOST_APPROVALS)
    return `expected at most ${MOST_APPROVALS} waves with an approval, because one execution has a limited number of polls; these are ${approvals.length}`;
  const days = [...bakes, ...approvals].reduce((sum, minutes) => sum + minutes, 0) / 1_440;
  if (days <= MOST_DAYS_OF_WAITS) return undefined;
  const and = approvals.length === 0 ? "" : " and approvals";
  const count = bakes.filter((minutes) => minutes > 0).length + approvals.length;
  return `expected bakes${and} of at most ${MOST_DAYS_OF_WAITS} days together, because one execution flips for 27 days at most; these are ${count} bakes${and} of ${Math.ceil(days * 10) / 10} days together`;
}

export const PREDEFINED =
  "all-at-once, canary-N-percent-M-minutes (or -hours), linear-N-percent-every-M-minutes (or -hours, -minute, -hour), with N from 1 to 99 and at most 10080 minutes";

/** A rollout without a strategy begins with a canary when it flips more customers than this. */
export const MOST_AT_ONCE = 20;

/** The strategy of a rollout that flips so many customers, when neither the event nor the policy names one. */
export function toDefaultStrategy(planned: number): string {
  return planned > MOST_AT_ONCE ? "canary-10-percent-30-minutes" : "all-at-once";
}

const CANARY = /^canary-([1-9]\d?)-percent-([1-9]\d{0,4})-(minute|hour)s?$/;
const LINEAR = /^linear-([1-9]\d?)-percent-every-(?:([1-9]\d{0,4})-(minute|hour)s?|(minute|hour))$/;

/**
 * The waves of a predefined name, as in CodeDeploy and AppConfig; undefined for any other name.
 */
export function findPredefined(name: string): readonly Wave[] | undefined {
  if (name === "all-at-once") return [toRest(0)];
  const [, canary, canaryTimes, canaryUnit] = CANARY.exec(name) ?? [];
  if (canary !== undefined) return withBake(canaryTimes, canaryUnit, (bake) => [toShare(canary, bake), toRest(0)]);
  const [, linear, times, unit, single] = LINEAR.exec(name) ?? [];
  if (linear !== undefined) return withBake(times, unit ?? single, (bake) => toLinear(linear, bake));
  return undefined;
}

/** Equal shares, each with the bake; the last wave takes the rest and has no bake. */
function toLinear(percent: string, bakeSeconds: number): readonly Wave[] {
  const before = Math.ceil(100 / Number(percent)) - 1;
  return [...Array.from({ length: before }, () => toShare(percent, bakeSeconds)), toRest(0)];
}

function withBake(
  times = "1",
  unit = "minute",
  toWaves: (bakeSeconds: number) => readonly Wave[],
): readonly Wave[] | undefined {
  const minutes = Number(times) * (unit === "hour" ? 60 : 1);
  return minutes > MOST_BAKE_MINUTES ? undefined : toWaves(minutes * 60);
}

function toShare(percent: string, bakeSeconds: number): Wave {
  return { size: { kind: "share", hundredths: Number(percent) * 100 }, bakeSeconds };
}

function toRest(bakeSeconds: number): Wave {
  return { size: { kind: "rest" }, bakeSeconds };
}
