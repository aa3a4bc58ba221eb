const EXPECTED = 'expected "cron(0 2 * * ? *)", "rate(1 day)" or "at(2026-12-01T02:00:00)"';
const RATE = 'expected a whole number of minutes, hours or days, such as "rate(12 hours)"';
const AT = 'expected a time that exists, such as "at(2026-12-01T02:00:00)"';
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Of the values from `from` on. */
  readonly names?: readonly string[];
  /** What stands for values besides `*`, ranges and steps. */
  readonly special?: RegExp;
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based */
const FIELDS: readonly Field[] = [
  { name: "minutes", from: 0, to: 59 },
  { name: "hours", from: 0, to: 23 },
  { name: "day of month", from: 1, to: 31, special: /^(?:\?|L(?:-\d{1,2})?|LW|(?:[1-9]|[12]\d|3[01])W)$/ },
  { name: "month", from: 1, to: 12, names: MONTHS },
  { name: "day of week", from: 1, to: 7, names: DAYS, special: /^(?:\?|L|(?:[1-7]|[A-Z]{3})(?:L|#[1-5]))$/ },
  { name: "year", from: 1970, to: 2199 },
];

/** What EventBridge Scheduler would expect of an expression, and say only in the middle of a deploy. */
export function findExpressionProblem(expression: string): string | undefined {
  const [, kind, inner = ""] = /^(cron|rate|at)\(([^()]*)\)$/.exec(expression) ?? [];
  switch (kind) {
    case "cron":
      return findCronProblem(inner);
    case "rate":
      return /^[1-9]\d{0,5} (?:minute|hour|day)s?$/.test(inner) ? undefined : RATE;
    case "at":
      return isTime(inner) ? undefined : AT;
    default:
      return EXPECTED;
  }
}

function findCronProblem(inner: string): string | undefined {
  const texts = inner.split(" ");
  if (texts.length !== FIELDS.length)
    return 'expected six fields: minutes, hours, day of month, month, day of week and year, such as "cron(0 2 * * ? *)"';
  const wrong = FIELDS.find((field, index) => !isField(field, texts[index] ?? ""));
  if (wrong !== undefined) return `expected its ${wrong.name} to be of ${wrong.from} to ${wrong.to}`;
  const isOneOpen = (texts[2] === "?") !== (texts[4] === "?");
  return isOneOpen ? undefined : 'expected "?" for either the day of month or the day of week';
}

function isField(field: Field, text: string): boolean {
  if (text === "?") return field.special !== undefined;
  return text.split(",").every((part) => field.special?.test(part) || isRange(field, part));
}

/** `*`, `5`, `MON-FRI`, and with a step `0/15`. */
function isRange(field: Field, part: string): boolean {
  const [, range = ""] = /^([^/]+)(?:\/[1-9]\d{0,3})?$/.exec(part) ?? [];
  if (range === "*") return true;
  const [from, to = from, ...more] = range.split("-").map((end) => toValue(field, end) ?? Number.NaN);
  return from !== undefined && to !== undefined && from <= to && more.length === 0;
}

function toValue({ from, to, names = [] }: Field, text: string): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + from : Number(/^\d{1,4}$/.test(text) ? text : Number.NaN);
  return value >= from && value <= to ? value : undefined;
}

function isTime(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text)) return false;
  const time = new Date(`${text}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}
