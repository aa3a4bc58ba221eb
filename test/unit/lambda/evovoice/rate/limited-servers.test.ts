import fc from "fast-check";
import type { PaceLimits } from "../../../../../lambda/core/flip/pace.ts";
import type { Feedback } from "../../../../../lambda/evovoice/rate/limiter.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aLimiter, startsOf } from "./a-limiter.ts";
import { createFixedWindow, createRandom, createTokenBucket, flipAll, type RateLimit } from "./limited-server.ts";

const seeds = [1, 2, 3, 4, 5, 6];
const servers: { server: string; create: (perSecond: number, phaseMs: number) => RateLimit }[] = [
  { server: "a fixed window", create: createFixedWindow },
  { server: "a token bucket", create: createTokenBucket },
];
const refusals = [
  { refusal: "Retry-After: 1", retryAfterMs: 1000 },
  { refusal: "no Retry-After", retryAfterMs: 0 },
];
const cases = servers.flatMap((server) => refusals.map((refusal) => ({ ...server, ...refusal })));

/** Flips at the policy's usual start and up to 1,000 a second, against a server that allows so many. */
function flipAgainst(perSecond: number, flips: number, seed: number, { create, retryAfterMs }: (typeof cases)[0]) {
  const random = createRandom(seed);
  const { clock, limiter } = aLimiter();
  const rateLimit = create(perSecond, random() * 1000);
  return flipAll({ limiter, clock, rateLimit, flips, concurrency: 16, retryAfterMs, random });
}

test.each(cases)("makes 2,000 flips in 29 s with 2 % refused at 100 a second of $server, $refusal", async (server) => {
  for (const seed of seeds) {
    const { seconds, refusedShare } = await flipAgainst(100, 2000, seed, server);
    expect(seconds).toBeLessThan(29);
    expect(refusedShare).toBeLessThan(0.025);
  }
});

test.each(
  cases.flatMap((server) =>
    [
      { perSecond: 5, share: 0.08 },
      { perSecond: 30, share: 0.02 },
      { perSecond: 300, share: 0.01 },
    ].map((limit) => ({ ...server, ...limit })),
  ),
)("keeps to $perSecond a second of $server, $refusal", async ({ perSecond, share, ...server }) => {
  const { seconds, refusedShare } = await flipAgainst(perSecond, perSecond * 40, 7, server);
  expect(seconds).toBeLessThan(40 * 1.4);
  expect(refusedShare).toBeLessThan(share);
});

test("follows a limit that falls to a tenth, and finds it again after it was lifted", async () => {
  for (const seed of seeds) {
    const random = createRandom(seed);
    const { clock, limiter } = aLimiter();
    const [high, low] = [createFixedWindow(100, random() * 1000), createFixedWindow(10, random() * 1000)];
    const rateLimit: RateLimit = (nowMs) => (nowMs < 20_000 ? high(nowMs) : low(nowMs));
    const load = { limiter, clock, concurrency: 16, random };
    const found = await flipAll({ ...load, rateLimit, flips: 2_300 });
    expect(found.perSecond).toBeLessThan(13);
    expect(found.refusedShare).toBeLessThan(0.1);

    const liftedMs = clock.nowMs();
    const lifted = await flipAll({ ...load, rateLimit: high, flips: 2_000 });
    expect(lifted.seconds - liftedMs / 1000).toBeLessThan(80);
  }
});

test("reaches the policy's maximum where the server has no limit", async () => {
  const { clock, limiter } = aLimiter({ concurrency: 64 });
  const random = createRandom(1);
  const { perSecond } = await flipAll({ limiter, clock, rateLimit: () => true, flips: 9000, concurrency: 64, random });
  expect(perSecond).toBe(1000);
});

const anyFeedback: fc.Arbitrary<Feedback> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Feedback>({ kind: "answered" }) },
  fc.constant<Feedback>({ kind: "throttled" }),
  fc.nat(3000).map((retryAfterMs): Feedback => ({ kind: "throttled", retryAfterMs })),
  fc.constant<Feedback>({ kind: "lost" }),
  fc.constant<Feedback>({ kind: "unused" }),
);

test("starts every request in bounded time, within its places and paces", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ start: fc.double({ min: 1, max: 500, noNaN: true }), concurrency: fc.integer({ min: 1, max: 20 }) }),
      fc.array(fc.tuple(fc.nat(300), anyFeedback), { minLength: 1, maxLength: 120 }),
      async ({ start, concurrency }, replies) => {
        const own: PaceLimits = { startPerSecond: start, minPerSecond: 1, maxPerSecond: 500 };
        const { starts, mostInFlight, pace } = await startsOf(
          replies.length,
          { limits: own, concurrency },
          (n) => replies[n]!,
        );
        expect(starts).toHaveLength(replies.filter(([, { kind }]) => kind !== "unused").length);
        expect(mostInFlight).toBeLessThanOrEqual(concurrency);
        expect(starts.at(-1)?.atMs ?? 0).toBeLessThan(replies.length * (1010 + 300 + 3060));
        expect(pace.perSecond).toBeGreaterThanOrEqual(1);
        expect(pace.perSecond).toBeLessThanOrEqual(500);
        for (const [n, { atMs }] of starts.entries()) {
          const second = starts.slice(0, n + 1).filter((earlier) => earlier.atMs > atMs - 1000);
          // A start lowers no pace, so the highest in force in this second is that of one of its starts.
          expect(second.length).toBeLessThanOrEqual(Math.ceil(Math.max(...second.map((each) => each.pace))));
        }
      },
    ),
    { numRuns: 60 },
  );
});
