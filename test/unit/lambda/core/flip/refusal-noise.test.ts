import { describe, expect, test } from "@jest/globals";
import {
  findNoise,
  isMoreThanNoise,
  learn,
  mayBeNoise,
  NO_NOISE,
  noiseShare,
  startProbe,
  unlearn,
} from "../../../../../lambda/core/flip/refusal-noise.ts";

describe("a window of answers", () => {
  test.each([
    { share: 0, requests: 30, most: 1 },
    { share: 0, requests: 100, most: 2 },
    { share: 0, requests: 1000, most: 7 },
    { share: 0.05, requests: 30, most: 6 },
    { share: 0.05, requests: 100, most: 12 },
    { share: 0.05, requests: 1000, most: 72 },
  ])("of $requests, where a share of $share is noise, may show $most refusals", ({ share, requests, most }) => {
    const noise = { requests: 400, refusals: 400 * share };
    expect(isMoreThanNoise(noise, { requests, refusals: most })).toBe(false);
    expect(isMoreThanNoise(noise, { requests, refusals: most + 1 })).toBe(true);
  });

  test("with clearly fewer refusals than usual halves what is taken for noise, others leave it", () => {
    const noise = { requests: 400, refusals: 20 };
    expect(unlearn(noise, { requests: 100, refusals: 1 })).toEqual({ requests: 400, refusals: 10 });
    expect(unlearn(noise, { requests: 100, refusals: 2 })).toBe(noise);
    expect(unlearn(noise, { requests: 100, refusals: 30 })).toBe(noise);
    expect(unlearn(NO_NOISE, { requests: 100, refusals: 0 })).toBe(NO_NOISE);
  });
});

describe("a probe", () => {
  test.each([
    { share: 1, perSecond: 50, enough: 20 },
    { share: 0.1, perSecond: 50, enough: 30 },
    { share: 0.05, perSecond: 50, enough: 60 },
    { share: 0.001, perSecond: 50, enough: 100 },
    { share: 0.05, perSecond: 4, enough: 40 },
    { share: 0.05, perSecond: 1, enough: 20 },
  ])(
    "after a share of $share is long enough to have met three refusals, in bounded time: $enough at $perSecond a second",
    ({ share, perSecond, enough }) => {
      const probe = startProbe(share, { perSecond, fromPerSecond: 100 });
      expect(probe).toEqual({ requests: 0, refusals: 0, enough, fromPerSecond: 100 });
    },
  );

  test.each([
    { requests: 19, refusals: 0, finding: "open" },
    { requests: 59, refusals: 0, finding: "open" },
    { requests: 60, refusals: 0, finding: "limit" },
    { requests: 119, refusals: 1, finding: "open" },
    { requests: 120, refusals: 1, finding: "limit" },
    { requests: 179, refusals: 2, finding: "open" },
    { requests: 180, refusals: 2, finding: "limit" },
    { requests: 14, refusals: 3, finding: "still too high" },
    { requests: 15, refusals: 3, finding: "open" },
    { requests: 19, refusals: 3, finding: "open" },
    { requests: 20, refusals: 3, finding: "noise" },
    { requests: 21, refusals: 5, finding: "still too high" },
  ])("of $requests requests with $refusals refused shows: $finding", ({ requests, refusals, finding }) => {
    expect(findNoise({ requests, refusals, enough: 60, fromPerSecond: 10 })).toBe(finding);
  });

  test("adds to what is known, and what is old counts less", () => {
    const once = learn(NO_NOISE, { requests: 100, refusals: 5, enough: 60, fromPerSecond: 10 });
    expect(once).toEqual({ requests: 100, refusals: 5 });
    const often = Array.from({ length: 20 }).reduce<typeof once>(
      (noise) => learn(noise, { requests: 100, refusals: 0, enough: 60, fromPerSecond: 10 }),
      once,
    );
    expect(often.requests).toBeCloseTo(400);
    expect(noiseShare(often)).toBe(0);
  });
});

test("one refusal shows no share, and more than a fifth is never noise", () => {
  expect(noiseShare({ requests: 20, refusals: 1 })).toBe(0);
  expect(noiseShare({ requests: 40, refusals: 2 })).toBe(0.05);
  expect(mayBeNoise(0.2)).toBe(true);
  expect(mayBeNoise(0.21)).toBe(false);
});
