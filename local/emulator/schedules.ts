import type { CustomerTable, Row } from "./customer-table.ts";
import { mix, toHex } from "./random.ts";

/** As in Evo Voice: usually an IANA id, sometimes a Windows id. */
const timeZones = [
  ...["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix"],
  ...["Europe/London", "Eastern Standard Time", "Pacific/Auckland"],
];

const hours = [
  { opens: 8, closes: 17, onSaturday: false },
  { opens: 9, closes: 18, onSaturday: true },
  { opens: 7, closes: 15, onSaturday: false },
] as const;

/** The JSON of the `schedule` member, which many customers share; the last schedule is forced closed. */
export function createSchedules(seed: number): readonly string[] {
  const open = timeZones.flatMap((timeZoneId) => hours.map((hour) => ({ timeZoneId, ...hour, forceClosed: false })));
  const closed = open.slice(0, 1).map((schedule) => ({ ...schedule, forceClosed: true }));
  return [...open, ...closed].map((schedule, index) =>
    JSON.stringify(toScheduleInfo(schedule, toHex(seed, `schedule ${index}`, 20))),
  );
}

/** Three of four children inherit their parent's schedule. */
export function isInherited({ seed }: CustomerTable, { index, parent }: Row): boolean {
  return parent !== undefined && mix(seed ^ 0x496e6865, index) % 4 !== 0;
}

export function getSchedule(table: CustomerTable, row: Row, schedules: readonly string[]): string {
  if (row.parent !== undefined && isInherited(table, row)) return getSchedule(table, row.parent, schedules);
  const hash = mix(table.seed ^ 0x53636865, row.index);
  const index = hash % 100 === 0 ? schedules.length - 1 : mix(hash, 1) % (schedules.length - 1);
  return schedules[index] as string;
}

interface OpeningHours {
  readonly timeZoneId: string;
  readonly opens: number;
  readonly closes: number;
  readonly onSaturday: boolean;
  readonly forceClosed: boolean;
}

function toScheduleInfo(schedule: OpeningHours, id: string): object {
  const { timeZoneId, forceClosed, onSaturday } = schedule;
  const [startTime, endTime] = [schedule.opens, schedule.closes].map((hour) => `${toTwoDigits(hour)}:00`);
  const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", ...(onSaturday ? ["Saturday"] : [])];
  const christmas = toRule(`${id}0001`, {
    ...{ name: "Christmas Day", priority: 0, state: "Holiday", isAllDay: true },
    ...{ startDate: "2020-12-25T00:00:00.0000000Z", byMonth: [12], byMonthDay: [25], byDay: [], frequency: "Yearly" },
  });
  const open = toRule(`${id}0002`, {
    ...{ name: "Open", priority: 1, state: "Business Hours", isAllDay: false },
    ...{ startDate: "2020-01-01T00:00:00.0000000Z", startTime, endTime, byMonth: [], byMonthDay: [] },
    ...{ byDay: weekdays.map((dayOfWeek) => ({ offset: 0, dayOfWeek })), frequency: "Weekly" },
  });
  return { timeZoneId, inherit: false, forceClosed, rules: [christmas, open], defaultState: "After Hours" };
}

function toRule(id: string, rule: object): object {
  return {
    ...{ id, source: "Customer", condition: "", simpleRuleType: "Time", customerState: "", flowId: "", flowParams: {} },
    ...{ bySetPosition: [], byWeekNo: [], byYearDay: [], byHour: [], byMinute: [], interval: 1, count: 0 },
    ...rule,
  };
}

function toTwoDigits(number: number): string {
  return number.toString().padStart(2, "0");
}
