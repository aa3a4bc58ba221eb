import { Temporal } from "@js-temporal/polyfill";
import fc from "fast-check";
import { toDurationMs } from "../../../../lambda/contract/freeze.ts";
import type { FreezeControl } from "../../../../lambda/core/controls.ts";
import { findFreeze, findWindow, listFreezes, toFrozen } from "../../../../lambda/core/freezes.ts";
import { describeReason } from "../../../../lambda/core/reasons.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const OFFICE = { name: "office", schedule: "0 8 * * 1-5", duration: "10h", timeZone: "Europe/Berlin" } as const;
const NIGHT = { ...OFFICE, name: "night", schedule: "30 2 * * *", duration: "3h" } as const;
const at = (iso: string) => Date.parse(iso);

/** The end of the window that applies then, or none. */
const endAt = (freeze: Parameters<typeof findWindow>[0], iso: string) => {
  const window = findWindow(freeze, at(iso));
  return window && new Date(window.untilMs).toISOString();
};

describe("a window of the policy", () => {
  test.each([
    ["before its beginning", OFFICE, "2026-11-23T06:59:59.999Z", undefined],
    ["at its beginning", OFFICE, "2026-11-23T07:00:00.000Z", "2026-11-23T17:00:00.000Z"],
    ["right before its end", OFFICE, "2026-11-23T16:59:59.999Z", "2026-11-23T17:00:00.000Z"],
    ["at its end", OFFICE, "2026-11-23T17:00:00.000Z", undefined],
    ["at the weekend", OFFICE, "2026-11-22T12:00:00.000Z", undefined],
    ["in summer", OFFICE, "2026-07-20T15:59:59.999Z", "2026-07-20T16:00:00.000Z"],
    ["before a time that the clocks skip in spring", NIGHT, "2026-03-29T00:59:59.999Z", undefined],
    ["at the end of the gap", NIGHT, "2026-03-29T01:00:00.000Z", "2026-03-29T04:00:00.000Z"],
    ["at a time that comes twice in autumn", NIGHT, "2026-10-25T00:30:00.000Z", "2026-10-25T03:30:00.000Z"],
    ["when it comes again", NIGHT, "2026-10-25T03:29:59.999Z", "2026-10-25T03:30:00.000Z"],
    ["three hours after it came first", NIGHT, "2026-10-25T03:30:00.000Z", undefined],
  ])("%s", (_when, freeze, time, end) => expect(endAt(freeze, time)).toBe(end));

  test("from a time to a time", () => {
    const freeze = { name: "christmas", from: "2026-12-24T12:00:00+01:00", to: "2026-12-27T00:00:00+01:00" };
    expect(endAt(freeze, "2026-12-24T10:59:59.999Z")).toBeUndefined();
    expect(endAt(freeze, "2026-12-24T11:00:00.000Z")).toBe("2026-12-26T23:00:00.000Z");
    expect(endAt(freeze, "2026-12-26T23:00:00.000Z")).toBeUndefined();
  });
});

/** Zones whose clocks change: in the north, in the south, at midnight, by half an hour; and one whose clocks do not. */
const ZONES = [
  ...["Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago"],
  ...["Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata"],
];

/** The first time of a day at which the clocks show this time or a later one. */
function toBegin(date: Temporal.PlainDate, time: Temporal.PlainTime, timeZone: string): number {
  const wanted = date.toPlainDateTime(time);
  const earlier = wanted.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  if (earlier.toPlainDateTime().equals(wanted)) return earlier.epochMilliseconds;
  return earlier.getTimeZoneTransition("next")?.epochMilliseconds ?? Number.NaN;
}

const aDay = fc.integer({ min: 0, max: 5 * 366 }).map((day) => new Temporal.PlainDate(2024, 1, 10).add({ days: day }));
const aCase = fc.record({
  timeZone: fc.constantFrom(...ZONES),
  day: aDay,
  /** So that a change of the clocks is met often. */
  jump: fc.boolean(),
  hour: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 23 })),
  minute: fc.constantFrom(0, 15, 30, 59),
  weekdays: fc.constantFrom("*", "1-5", "0,6"),
  hours: fc.integer({ min: 1, max: 30 }),
  offset: fc.integer({ min: -36 * 60, max: 36 * 60 }),
});

test("daily windows begin and end when Temporal says so, whatever the clocks do", () => {
  fc.assert(
    fc.property(aCase, ({ timeZone, day, jump, hour, minute, weekdays, hours, offset }) => {
      const changes = jump ? day.toZonedDateTime(timeZone).getTimeZoneTransition("next") : null;
      const near = changes?.toPlainDate() ?? day;
      const time = new Temporal.PlainTime(hour, minute);
      const nowMs = toBegin(near, time, timeZone) + offset * 60_000;
      const isOn = (date: Temporal.PlainDate) => weekdays === "*" || (weekdays === "1-5") === date.dayOfWeek <= 5;
      const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).toPlainDate();
      const ends = [0, 1, 2, 3]
        .map((days) => today.subtract({ days }))
        .filter(isOn)
        .map((date) => toBegin(date, time, timeZone))
        .filter((beginMs) => beginMs <= nowMs && nowMs < beginMs + hours * 3_600_000)
        .map((beginMs) => beginMs + hours * 3_600_000);
      const freeze = { name: "x", schedule: `${minute} ${hour} * * ${weekdays}`, duration: `${hours}h`, timeZone };

      expect(findWindow(freeze, nowMs)?.untilMs).toBe(ends.length === 0 ? undefined : Math.max(...ends));
    }),
    { numRuns: 500 },
  );
});

describe("of the freezes of policy and controls", () => {
  const NOW = at("2026-11-23T12:00:00.000Z");
  const ann = { requestedBy: "ann", reason: "a fair", at: "2026-11-23T09:00:00.000Z" };
  const added: FreezeControl = { ...ann, name: "fair", until: "2026-11-23T20:00:00.000Z" };
  const lifted: FreezeControl = { ...ann, name: "office", until: "2026-11-23T17:00:00.000Z", lifts: true };
  const late: FreezeControl = { ...added, name: "late", until: "2026-11-23T12:00:00.000Z" };
  const names = (freezes: readonly FreezeControl[]) => listFreezes([OFFICE], { freezes }, NOW).map(({ name }) => name);

  test("all that are not over apply", () => expect(names([added, late])).toEqual(["office", "fair"]));
  test("a freeze of the policy that is lifted does not", () => expect(names([lifted])).toEqual([]));
  test("it does again from the end of that window on", () => {
    expect(listFreezes([OFFICE], { freezes: [lifted] }, at("2026-11-24T08:00:00.000Z"))).toHaveLength(1);
  });

  test("the one that ends last is named, with its end, its zone, and what to do", () => {
    const [office, fair] = [findFreeze([OFFICE], {}, NOW), findFreeze([OFFICE], { freezes: [added] }, NOW)];
    expect(office).toMatchObject({ name: "office", leftSeconds: 5 * 3_600 });
    expect(office && describeReason(toFrozen(office))).toMatch(
      /^freeze office applies until 2026-11-23 17:00:00 UTC, 2026-11-23 18:00:00 in Europe\/Berlin; no customer is flipped until then, or until the freeze is lifted$/,
    );
    const why = { by: "ann", since: ann.at, why: "a fair" };
    expect(fair && toFrozen(fair)).toEqual({ code: "frozen", freeze: "fair", until: added.until, ...why });
    expect(findFreeze([], {}, NOW)).toBeUndefined();
  });
});

test.each([
  ["1d12h", 36 * 60],
  ["90m", 90],
  ["ten hours", 0],
  ["10", 0],
])("%s is %i minutes", (text, minutes) => expect(toDurationMs(text)).toBe(minutes * 60_000));
