import { TimeZone } from "aws-cdk-lib";
import type { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";

export interface WrongTime {
  readonly got: string;
  readonly expected: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

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
  const cron = findCron(schedule);
  if (cron === undefined || comes(cron, createClock(zone)(nowMs))) return undefined;
  return { got, expected: "expected a time that comes: no day from now on has this date" };
}

/** The next day on which a schedule does not run, because summer time skips its only time of that day; undefined for none. */
export function findSkippedDay(schedule: ScheduleExpression, nowMs = Date.now()): string | undefined {
  const cron = findCron(schedule);
  if (cron === undefined) return undefined;
  const toLocal = createClock(toZone(schedule));
  const today = Math.floor(nowMs / DAY) * DAY;
  for (let day = today; day < today + 366 * DAY; day += DAY) {
    // The clocks are put forward on this day, on the day before or on the day after.
    const isNearGap = toLocal(day + 2 * DAY) - toLocal(day - DAY) > 3 * DAY;
    if (!isNearGap || !cron.isOn(day)) continue;
    if (cron.times.every((time) => findInstant(day + time, toLocal) === undefined)) return toText(day).slice(0, 10);
  }
  return undefined;
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

interface Cron {
  /** The times of a day, in milliseconds. */
  readonly times: readonly number[];
  readonly isOn: (dayMs: number) => boolean;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const LAST_YEAR = 2199;

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based */
function findCron({ expressionString }: ScheduleExpression): Cron | undefined {
  const [, inside = ""] = /^cron\((.*)\)$/.exec(expressionString) ?? [];
  const [atMinute, atHour, date, month, weekday, year, ...others] = inside.trim().split(/\s+/);
  const [minutes, hours] = [toNumbers(atMinute, 0, 59), toNumbers(atHour, 0, 23)];
  if (minutes === undefined || hours === undefined || year === undefined || others.length > 0) return undefined;
  const [dates, months] = [toNumbers(date, 1, 31), toNumbers(month, 1, 12, MONTHS)];
  const [weekdays, years] = [toNumbers(weekday, 1, 7, WEEKDAYS), toNumbers(year, 1970, LAST_YEAR)];
  return {
    times: hours.flatMap((hour) => minutes.map((minute) => hour * HOUR + minute * MINUTE)),
    isOn(dayMs) {
      const day = new Date(dayMs);
      const fields = [
        [dates, day.getUTCDate()],
        [months, day.getUTCMonth() + 1],
        [weekdays, day.getUTCDay() + 1],
        [years, day.getUTCFullYear()],
      ] as const;
      return fields.every(([numbers, number]) => numbers?.includes(number) ?? true);
    },
  };
}

function comes({ isOn, times }: Cron, localMs: number): boolean {
  const last = Date.UTC(LAST_YEAR + 1, 0);
  for (let day = Math.floor(localMs / DAY) * DAY; day < last; day += DAY)
    if (isOn(day) && times.some((time) => day + time > localMs)) return true;
  return false;
}

/**
 * The numbers of a field such as `1-5`, `0/15` or `MON,WED`; undefined for a field that is left to EventBridge, such as
 * `L`, `15W` or `2#1`.
 */
function toNumbers(
  field = "",
  least: number,
  most: number,
  names: readonly string[] = [],
): readonly number[] | undefined {
  const toNumber = (text: string) => (/^\d+$/.test(text) ? Number(text) : names.indexOf(text.toUpperCase()) + least);
  const ranges = field.split(",").map((part) => {
    const [, first = "", last, step = "1"] = /^([*?]|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const [from, end] = /[*?]/.test(first)
      ? [least, most]
      : [toNumber(first), part.includes("/") ? most : toNumber(first)];
    return { from, to: last === undefined ? end : toNumber(last), step: Number(step) };
  });
  if (ranges.some(({ from, to, step }) => from < least || to < from || to > most || step < 1)) return undefined;
  return ranges.flatMap(({ from, to, step }) =>
    Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step),
  );
}
