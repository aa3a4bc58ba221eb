import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Answer,
  answered,
  type Pace,
  type PaceLimits,
  refused,
  startPace,
} from "../../../../../lambda/core/flip/pace.ts";

const limits: PaceLimits = { startPerSecond: 10, minPerSecond: 1, maxPerSecond: 1000 };
const anAnswer = (answer: Partial<Answer> = {}): Answer => ({ latencyMs: 20, heldBack: true, ...answer });
const aRefusal = { askedToWait: true };
/** A pace that has met a limit of about 100 a second. */
const aPace = (pace: Partial<Pace> = {}): Pace => ({
  ...startPace(limits),
  perSecond: 94,
  ceiling: 100,
  quietSeconds: 10,
  ...pace,
});

function after(pace: Pace, seconds: number, answer: Answer): Pace {
  let now = pace;
  for (let passed = 0; passed < seconds; passed += 1 / now.perSecond) now = answered(now, limits, answer);
  return now;
}

test("begins with the policy's pace and rises to its maximum within ten seconds while nobody objects", () => {
  expect(startPace(limits).perSecond).toBe(10);
  expect(after(startPace(limits), 10, anAnswer()).perSecond).toBe(1000);
});

test("rises only by requests that it held back", () => {
  const unused = anAnswer({ heldBack: false });
  expect(after(startPace(limits), 60, unused).perSecond).toBe(10);
  expect(after(aPace(), 60, unused).perSecond).toBe(94);
});

test("goes clearly under the first refused level, and just under a known one", () => {
  const first = refused(aPace({ perSecond: 160, ceiling: null }), limits, aRefusal);
  expect(first.perSecond).toBeCloseTo(160 * 0.58);
  const known = refused(aPace({ perSecond: 102 }), limits, aRefusal);
  expect(known.perSecond).toBeCloseTo(102 * 0.94);
});

test("goes lower, by half at most, when it is refused again at once", () => {
  expect(refused(aPace({ perSecond: 200, quietSeconds: 1.5 }), limits, aRefusal).perSecond).toBeCloseTo(176);
  expect(refused(aPace({ perSecond: 200, quietSeconds: 0.7 }), limits, aRefusal).perSecond).toBeCloseTo(140);
  expect(refused(aPace({ perSecond: 200, quietSeconds: 0.1 }), limits, aRefusal).perSecond).toBeCloseTo(100);
});

test("is lowered once by a server that answers nothing at all", () => {
  let pace = refused(aPace(), limits, aRefusal);
  const once = pace.perSecond;
  for (let again = 0; again < 100; again += 1) pace = refused(pace, limits, aRefusal);
  expect(pace.perSecond).toBe(once);
});

test("stays just under a ceiling it trusts for half a minute, and has left it behind after three minutes", () => {
  const trusted = refused(aPace({ perSecond: 101 }), limits, aRefusal);
  expect(after(trusted, 30, anAnswer()).perSecond).toBeLessThan(101);
  expect(after(trusted, 180, anAnswer()).perSecond).toBeGreaterThan(300);
});

/** These many refusals within one window, spread over its first half. */
function refusedTimes(pace: Pace, times: number, refusal = { askedToWait: false }): Pace {
  let now = pace;
  for (let n = 0; n < times; n += 1)
    now = refused(answered(now, limits, anAnswer({ heldBack: false })), limits, refusal);
  return now;
}

test.each([
  { perSecond: 10, noise: 1, trouble: 2 },
  { perSecond: 94, noise: 2, trouble: 3 },
  { perSecond: 1000, noise: 7, trouble: 8 },
])(
  "at $perSecond a second takes $noise refusals in a second's answers for noise, and $trouble for trouble",
  ({ perSecond, noise, trouble }) => {
    const pace = aPace({ perSecond });
    expect(refusedTimes(pace, noise).perSecond).toBe(perSecond);
    expect(refusedTimes(pace, trouble).perSecond).toBeLessThan(perSecond);
  },
);

test("believes the first refusal that names a time to wait, until such refusals are known to mean nothing", () => {
  expect(refusedTimes(aPace(), 1, aRefusal).perSecond).toBeLessThan(94);
  const noisy = aPace({ noise: { requests: 100, refusals: 5 } });
  expect(refusedTimes(noisy, 1, aRefusal).perSecond).toBe(94);
  expect(refusedTimes(noisy, 12, aRefusal).perSecond).toBe(94);
  expect(refusedTimes(noisy, 13, aRefusal).perSecond).toBeLessThan(94);
});

describe("lowered four times in a row, the pace goes to half of what was taken, to see whether refusals go on", () => {
  function descend(): Pace {
    let pace = aPace({ quietSeconds: 60 });
    for (let step = 0; step < 4; step += 1) {
      pace = after(pace, 2, anAnswer({ heldBack: false }));
      pace = refusedTimes(pace, 1, aRefusal);
    }
    return pace;
  }

  test("and rises no further while it is found out", () => {
    const probing = descend();
    expect(probing.perSecond).toBeCloseTo(94 * 0.94 ** 3 * 0.5);
    expect(answered(probing, limits, anAnswer()).perSecond).toBe(probing.perSecond);
  });

  test("where none does, it was a limit: it stays under it", () => {
    const found = outOf(descend(), 100, 0);
    expect(found.perSecond).toBeCloseTo(94 * 0.94 ** 4);
    expect(found.noise.refusals).toBe(0);
  });

  test("where they do, it is noise: back to where it was, and no ceiling is known", () => {
    const pace = outOf(descend(), 29, 3);
    expect(pace).toMatchObject({ perSecond: 94, ceiling: null, noise: { requests: 32, refusals: 3 } });
  });

  test("where very many do, the limit is lower still", () => {
    const probing = descend();
    const pace = outOf(probing, 11, 3);
    expect(pace).toMatchObject({ probe: null, noise: { refusals: 0 } });
    expect(pace.perSecond).toBeCloseTo(probing.perSecond / 2);
  });

  /** So many answers, and then so many refusals. */
  function outOf(probing: Pace, answers: number, refusals: number): Pace {
    let pace = probing;
    for (let n = 0; n < answers; n += 1) pace = answered(pace, limits, anAnswer());
    for (let n = 0; n < refusals; n += 1) pace = refused(pace, limits, aRefusal);
    return pace;
  }
});

test.each([
  { usualMs: 2, latencyMs: 50, lowers: false, why: "a tiny latency may grow by 50 ms" },
  { usualMs: 2, latencyMs: 55, lowers: true, why: "more than double and 50 ms" },
  { usualMs: 200, latencyMs: 440, lowers: false, why: "not yet double and 50 ms" },
  { usualMs: 200, latencyMs: 460, lowers: true, why: "more than double and 50 ms" },
])("answers of $latencyMs ms where $usualMs are usual lower the pace: $lowers ($why)", ({ lowers, ...answer }) => {
  const slow = after(aPace({ usualMs: answer.usualMs }), 1.1, anAnswer({ ...answer, heldBack: false }));
  expect(slow.perSecond < 94).toBe(lowers);
});

test("ends the first rise, gently and once in a second, when answers become clearly slower", () => {
  const quick = after(startPace(limits), 1, anAnswer());
  const slow = after(quick, 3, anAnswer({ latencyMs: 400 }));
  expect(slow.ceiling).not.toBeNull();
  expect(slow.perSecond).toBeGreaterThan((slow.ceiling ?? 0) * 0.85);
});

test("is not lowered by a long tail, and gets used to a server that stays slower", () => {
  let tailed = aPace({ usualMs: 20 });
  for (let n = 0; n < 3000; n += 1)
    tailed = answered(tailed, limits, anAnswer({ latencyMs: n % 3 ? 2000 : 20, heldBack: false }));
  expect(tailed.perSecond).toBe(94);
  const slower = after(aPace({ usualMs: 20 }), 60, anAnswer({ latencyMs: 300 }));
  expect(slower.usualMs).toBeGreaterThan(125);
  expect(slower.perSecond).toBeGreaterThan(20);
});

test("goes on from the pace handed on, within the policy of now", () => {
  expect(startPace(limits, aPace())).toEqual(aPace());
  expect(startPace({ ...limits, maxPerSecond: 50 }, aPace()).perSecond).toBe(50);
  expect(startPace({ ...limits, minPerSecond: 99 }, aPace()).perSecond).toBe(99);
});

const anyEvent = fc.oneof(
  fc.record({ latencyMs: fc.double({ min: 0, max: 60_000, noNaN: true }), heldBack: fc.boolean() }),
  fc.record({ askedToWait: fc.boolean() }),
);
type Event = Answer | { readonly askedToWait: boolean };
const apply = (pace: Pace, event: Event): Pace =>
  "askedToWait" in event ? refused(pace, limits, event) : answered(pace, limits, event);

test("stays within the policy whatever the server does, and goes on the same through JSON", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 300 }), fc.array(anyEvent, { maxLength: 50 }), (before, then) => {
      const pace = before.reduce(apply, startPace(limits));
      expect(pace.perSecond).toBeGreaterThanOrEqual(limits.minPerSecond);
      expect(pace.perSecond).toBeLessThanOrEqual(limits.maxPerSecond);
      const handedOn = startPace(limits, JSON.parse(JSON.stringify(pace)));
      expect(then.reduce(apply, handedOn)).toEqual(then.reduce(apply, pace));
    }),
  );
});
