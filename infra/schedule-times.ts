import { TimeZone } from "aws-cdk-lib";
import type { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { Cron } from "croner";

export interface WrongTime {
  readonly got: string;
  readonly expected: string;
}

const DAY = 24 * 60 * 60_000;

/** Node also knows BST, as Asia/Dhaka, and accepts any case; EventBridge Scheduler does not. */
const ZONES: ReadonlySet<string> = new Set([
  ...Object.values(TimeZone).map(({ timezoneName }: TimeZone) => timezoneName),
  ...Intl.supportedValuesOf("timeZone"),
  "UTC",
]);

/** Why a schedule would be refused by EventBridge Scheduler or never run; undefined for a schedule that runs. */
export function findWrongTime(schedule: ScheduleExpression, nowMs = Date.now()): WrongTime | undefined {
  const zone = toZone(schedule);
  if (!ZONES.has(zone)) return { got: `the time zone "${zone}"`, expected: `expected ${suggestZone(zone)}` };
  const got = `"${schedule.expressionString}"`;
  const [, once] = /^at\((.*)\)$/.exec(schedule.expressionString) ?? [];
  if (once !== undefined) {
    const expected = findWrongInstant(once, zone, nowMs);
    return expected === undefined ? undefined : { got, expected };
  }
  if (findCron(schedule, zone)?.nextRun(new Date(nowMs)) !== null) return undefined;
  return { got, expected: "expected a time that comes: no day from now on has this date" };
}

/** The next day on which a schedule does not run, because summer time skips its only time of that day; undefined for none. */
export function findSkippedDay(schedule: ScheduleExpression, nowMs = Date.now()): string | undefined {
  // In UTC, which has no summer time, a cron expression has the times of every day.
  const cron = findCron(schedule, "UTC");
  if (cron === undefined) return undefined;
  const toLocal = createClock(toZone(schedule));
  const today = Math.floor(nowMs / DAY) * DAY;
  for (let day = today; day < today + 366 * DAY; day += DAY) {
    // The clocks are put forward on this day, on the day before or on the day after.
    const isNearGap = toLocal(day + 2 * DAY) - toLocal(day - DAY) > 3 * DAY;
    if (!isNearGap) continue;
    const times = listTimes(cron, day);
    if (times.length > 0 && times.every((time) => findInstant(time, toLocal) === undefined))
      return toText(day).slice(0, 10);
  }
  return undefined;
}

/** The times of one day. */
function listTimes(cron: Cron, day: number): readonly number[] {
  const times: number[] = [];
  for (let run = cron.nextRun(new Date(day - 1)); run !== null; run = cron.nextRun(run)) {
    if (run.getTime() >= day + DAY) break;
    times.push(run.getTime());
  }
  return times;
}

function toZone({ timeZone }: ScheduleExpression): string {
  return timeZone?.timezoneName ?? "Etc/UTC";
}

function suggestZone(zone: string): string {
  const example = ZONES.has(toCanonical(zone)) && zone.includes("/") ? toCanonical(zone) : "Europe/Berlin";
  return `the exact IANA name of a time zone, such as "${example}"`;
}

function toCanonical(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return "";
  }
}

function findWrongInstant(text: string, zone: string, nowMs: number): string | undefined {
  const wallMs = Date.parse(`${text}Z`);
  if (Number.isNaN(wallMs) || toText(wallMs) !== text)
    return "expected a date and a time such as at(2027-11-23T02:00:00)";
  const instant = findInstant(wallMs, createClock(zone));
  if (instant === undefined) return `expected a time that exists: summer time in ${zone} skips this one`;
  return instant > nowMs ? undefined : "expected a time that is not past";
}

/** `2027-11-23T02:00:00`. */
function toText(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19);
}

/** Makes the function from an instant to what the clocks of the zone show, as if they were in UTC. */
function createClock(timeZone: string): (instantMs: number) => number {
  // Sweden writes 2027-11-23 02:00:00.
  const format = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return (instantMs) => Date.parse(`${format.format(instantMs).replace(" ", "T")}Z`);
}

/** The first instant at which the clocks show this time; undefined for a time that they skip. */
function findInstant(wallMs: number, toLocal: (instantMs: number) => number): number | undefined {
  const instants = [wallMs - DAY, wallMs + DAY].map((near) => wallMs - (toLocal(near) - near));
  return instants.find((instant) => toLocal(instant) === wallMs);
}

/**
 * The times of a cron expression; undefined for any other expression, and for one that only EventBridge understands.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
function findCron({ expressionString }: ScheduleExpression, timezone: string): Cron | undefined {
  const [, fields] = /^cron\((.*)\)$/.exec(expressionString) ?? [];
  if (fields === undefined) return undefined;
  try {
    // As in EventBridge, Sunday is 1, and `0/15` begins at 0.
    const options = { mode: "7-part", alternativeWeekdays: true, sloppyRanges: true, timezone } as const;
    return new Cron(`0 ${fields.replaceAll("?", "*")}`, options);
  } catch {
    return undefined;
  }
}
