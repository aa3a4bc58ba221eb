import { Cron } from "croner";
import * as z from "zod";
import { toMs } from "./instant.ts";
import { memberOf } from "./member-of.ts";
import { type Contradiction, refineWith, strictObject } from "./problems.ts";
import { textMatching } from "./text-matching.ts";

const MOST_FREEZES = 50;
const MINUTE_MS = 60_000;
const UNITS_MS = { d: 24 * 60 * MINUTE_MS, h: 60 * MINUTE_MS, m: MINUTE_MS };
/** A window that lasts longer is a line with `from` and `to`. */
const MOST_MS = 7 * UNITS_MS.d;

const CRON =
  'expected a cron line that comes: minute, hour, day of the month, month and day of the week, such as "0 8 * * 1-5"';
const DURATION = 'expected a duration such as "10h", "90m" or "1d12h": more than none, at most 7 days';
const ZONE = 'expected the IANA name of a time zone, such as "Europe/Berlin", or "UTC"';
const INSTANT = 'expected a time with seconds and a time zone, such as "2026-12-24T12:00:00+01:00"';

export const FreezeName = textMatching(
  /^[\w.-]{1,64}$/,
  "expected a freeze's name: 1 to 64 letters, digits, _ . and -",
);

/** ISO 8601 with an offset. */
export const FreezeTime = z.iso.datetime({ offset: true, error: INSTANT });

const ScheduledFreeze = strictObject({
  name: FreezeName.describe("shown while the freeze applies; `lift-freeze` names it"),
  schedule: z.string({ error: CRON }).refine(comes, CRON).describe("when a window begins: a cron line"),
  duration: z
    .string({ error: DURATION })
    .refine(isDuration, DURATION)
    .describe("how long a window lasts, in elapsed time, also when the clocks change"),
  timeZone: z.string({ error: ZONE }).refine(isZone, ZONE).describe("the time zone of the schedule"),
});

const DatedFreeze = strictObject({
  name: FreezeName.describe("shown while the freeze applies; `lift-freeze` names it"),
  from: FreezeTime.describe("when it begins"),
  to: FreezeTime.describe("when it ends"),
}).superRefine(...refineWith(findBackwards));

/** Times in which no rollout flips a customer. */
export const Freezes = z
  .array(
    z.union([ScheduledFreeze, DatedFreeze], {
      error: 'expected { "name", "schedule", "duration", "timeZone" } or { "name", "from", "to" }',
    }),
    { error: "expected a list of freezes" },
  )
  .max(MOST_FREEZES, `expected at most ${MOST_FREEZES} freezes`)
  .superRefine(...refineWith(findRepeatedNames));
export type Freeze = z.output<typeof Freezes>[number];
export type ScheduledFreeze = z.output<typeof ScheduledFreeze>;

/** When the last window until now began, in epoch milliseconds; undefined before the first. */
export function findLastBegin(freeze: ScheduledFreeze, nowMs: number): number | undefined {
  // A run at this very time is not previous yet.
  return toCron(freeze)
    .previousRuns(1, new Date(nowMs + 1))[0]
    ?.getTime();
}

/** A window whose time the clocks skip begins when they go on. Of a time that comes twice, the first counts. */
function toCron({ schedule, timeZone }: Pick<ScheduledFreeze, "schedule" | "timeZone">): Cron {
  return new Cron(schedule, { mode: "5-part", timezone: timeZone, fixedTimeRule: "no-wildcard" });
}

/** In milliseconds; 0 for a text that is no duration. */
export function toDurationMs(duration: string): number {
  const parts = /^(?:\d+[dhm])+$/.test(duration) ? duration.matchAll(/(\d+)([dhm])/g) : [];
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS], 0);
}

function isDuration(text: string): boolean {
  const ms = toDurationMs(text);
  return ms > 0 && ms <= MOST_MS;
}

/** Whether a window ever begins: not on the 30th of February. */
function comes(schedule: string): boolean {
  // A nickname or a date is no cron line.
  if (!/^\S+(?: +\S+){4}$/.test(schedule)) return false;
  try {
    return toCron({ schedule, timeZone: "UTC" }).nextRun(new Date(0)) !== null;
  } catch {
    return false;
  }
}

/** A name with a slash: Node also takes `BST` for Asia/Dhaka, and an offset, which has no summer time. */
function isZone(timeZone: string): boolean {
  if (timeZone !== "UTC" && !timeZone.includes("/")) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone }) !== undefined;
  } catch {
    return false;
  }
}

function findBackwards({ from, to }: { readonly from: string; readonly to: string }): readonly Contradiction[] {
  if (!(toMs(to) <= toMs(from))) return [];
  return [{ path: ["to"], expected: "expected a time after from" }];
}

function findRepeatedNames(freezes: unknown): readonly Contradiction[] {
  if (!Array.isArray(freezes)) return [];
  const names: readonly unknown[] = freezes.map((freeze) => memberOf(freeze, "name"));
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (name === undefined || first === index) return [];
    return [{ path: [index, "name"], expected: `expected each name once, but [${first}] has the same` }];
  });
}
