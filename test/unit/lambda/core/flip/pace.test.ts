import fc from "fast-check";
import { lowerPace, type Pace, type PaceLimits, raisePace, startPace } from "../../../../../lambda/core/flip/pace.ts";
import { expect, test } from "../../../../support/jest.ts";

const limits: PaceLimits = { startPerSecond: 10, minPerSecond: 1, maxPerSecond: 1000 };
/** A pace that has met a limit of about 100 a second. */
const aPace = (pace: Partial<Pace> = {}): Pace => ({ perSecond: 75, refusedPerSecond: 100, ...pace });

/** The pace after so many seconds of answers. */
function after(pace: Pace, seconds: number): Pace {
  let now = pace;
  for (let passed = 0; passed < seconds; passed += 1 / now.perSecond) now = raisePace(now, limits);
  return now;
}

test("begins with the policy's pace and reaches its maximum within ten seconds without a refusal", () => {
  expect(startPace(limits)).toEqual({ perSecond: 10, refusedPerSecond: null });
  expect(after(startPace(limits), 10).perSecond).toBe(1000);
});

test("doubles each second until the first refusal, which halves it", () => {
  expect(after(startPace(limits), 1).perSecond).toBeCloseTo(20, -1);
  expect(after(startPace(limits), 3).perSecond).toBeCloseTo(80, -1);
  expect(lowerPace({ perSecond: 160, refusedPerSecond: null }, limits)).toEqual({
    ...{ perSecond: 80, refusedPerSecond: 160 },
  });
});

test("goes down by a quarter near a known limit", () => {
  expect(lowerPace(aPace({ perSecond: 104 }), limits)).toEqual({ perSecond: 78, refusedPerSecond: 104 });
});

test.each([1, 10, 20])("rises by a constant near a known limit: by 2 %% of it in each of %d seconds", (seconds) => {
  expect(after(aPace(), seconds).perSecond).toBeCloseTo(75 + 2 * seconds, 0);
});

test("finds a limit that was lifted within a minute, from whatever depth", () => {
  expect(after(aPace(), 60).perSecond).toBe(1000);
  expect(after({ perSecond: 1, refusedPerSecond: 1.2 }, 60).perSecond).toBe(1000);
});

test("continues with the pace handed on, within the policy of now", () => {
  expect(startPace(limits, aPace())).toEqual(aPace());
  expect(startPace({ ...limits, maxPerSecond: 50 }, aPace()).perSecond).toBe(50);
  expect(startPace({ ...limits, minPerSecond: 99 }, aPace()).perSecond).toBe(99);
});

test("stays within the policy whatever the server does, and continues the same through JSON", () => {
  const replies = (maxLength: number) => fc.array(fc.constantFrom(raisePace, raisePace, lowerPace), { maxLength });
  fc.assert(
    fc.property(replies(300), replies(50), (before, then) => {
      const follow = (pace: Pace, changes: typeof before) => changes.reduce((now, change) => change(now, limits), pace);
      const pace = follow(startPace(limits), before);
      expect(pace.perSecond).toBeGreaterThanOrEqual(limits.minPerSecond);
      expect(pace.perSecond).toBeLessThanOrEqual(limits.maxPerSecond);
      expect(follow(startPace(limits, JSON.parse(JSON.stringify(pace))), then)).toEqual(follow(pace, then));
    }),
  );
});
