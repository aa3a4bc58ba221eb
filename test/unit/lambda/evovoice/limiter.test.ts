import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Pace, PaceLimits } from "../../../../lambda/core/flip/pace.ts";
import { createLimiter, type Feedback, type LimiterOptions } from "../../../../lambda/evovoice/limiter.ts";
import { createFixedWindow, createRandom, createTokenBucket, flipAll, type RateLimit } from "./limited-server.ts";
import { createSimulatedClock } from "./simulated-clock.ts";

const seeds = [1, 2, 3, 4, 5, 6];
const limits: PaceLimits = { startPerSecond: 10, minPerSecond: 1, maxPerSecond: 1000 };
const steady = (perSecond: number): PaceLimits => ({
  startPerSecond: perSecond,
  minPerSecond: perSecond,
  maxPerSecond: perSecond,
});
const answer: Feedback = { kind: "answered", latencyMs: 20 };

function aLimiter(options: Partial<LimiterOptions> = {}) {
  const clock = createSimulatedClock();
  return { clock, limiter: createLimiter({ limits, concurrency: 16, clock, random: () => 0.5, ...options }) };
}

const servers: { server: string; create: (perSecond: number, phaseMs: number) => RateLimit }[] = [
  { server: "a fixed window", create: createFixedWindow },
  { server: "a token bucket", create: createTokenBucket },
];
const answers = [
  { refusal: "Retry-After: 1", retryAfterMs: 1000 },
  { refusal: "no Retry-After", retryAfterMs: 0 },
];
const cases = servers.flatMap((server) => answers.map((refusal) => ({ ...server, ...refusal })));

async function flipAgainst(
  perSecond: number,
  flips: number,
  seed: number,
  { create, retryAfterMs }: (typeof cases)[0],
) {
  const random = createRandom(seed);
  const { clock, limiter } = aLimiter({ random });
  const rateLimit = create(perSecond, random() * 1000);
  return flipAll({ limiter, clock, rateLimit, flips, concurrency: 16, retryAfterMs, random });
}

test.each(cases)(
  "makes 2,000 flips in 25 s with under 2 % refused where $server allows 100 a second and says $refusal",
  async (server) => {
    for (const seed of seeds) {
      const { seconds, refusedShare } = await flipAgainst(100, 2000, seed, server);
      expect(seconds).toBeLessThan(25);
      expect(refusedShare).toBeLessThan(0.02);
    }
  },
);

test.each(
  cases.flatMap((server) =>
    [
      { perSecond: 5, share: 0.1, times: 1.3 },
      { perSecond: 30, share: 0.03, times: 1.25 },
      { perSecond: 300, share: 0.01, times: 1.25 },
    ].map((limit) => ({ ...server, ...limit })),
  ),
)("keeps to $perSecond a second of $server with $refusal", async ({ perSecond, share, times, ...server }) => {
  const { seconds, refusedShare } = await flipAgainst(perSecond, perSecond * 40, 7, server);
  expect(seconds).toBeLessThan(40 * times);
  expect(refusedShare).toBeLessThan(share);
});

describe("refusals that have nothing to do with the pace", () => {
  const [window] = servers;

  async function flipUnderNoise(share: number, load: { flips: number; retryAfterMs: number; limit?: number }) {
    const runs = seeds.map(async (seed) => {
      const random = createRandom(seed);
      const { clock, limiter } = aLimiter({ random, concurrency: 64 });
      const limit = load.limit === undefined ? () => true : window!.create(load.limit, random() * 1000);
      const rateLimit: RateLimit = (nowMs) => limit(nowMs) && random() >= share;
      const { seconds, ...rest } = await flipAll({ limiter, clock, rateLimit, concurrency: 64, random, ...load });
      return { perSecond: load.flips / seconds, refusedShare: rest.refusedShare };
    });
    const paces = await Promise.all(runs);
    const sorted = paces.map(({ perSecond }) => perSecond).sort((a, b) => a - b);
    return { worst: sorted[0]!, median: sorted[3]!, most: Math.max(...paces.map(({ refusedShare }) => refusedShare)) };
  }

  test.each([
    { share: 0.01, worst: 100, median: 200 },
    { share: 0.05, worst: 20, median: 200 },
    { share: 0.1, worst: 50, median: 150 },
  ])(
    "keep a useful pace: $share of all 429, and 10,000 flips go at $median a second, $worst at the worst",
    async ({ share, worst, median }) => {
      const found = await flipUnderNoise(share, { flips: 10_000, retryAfterMs: 0 });
      expect(found.worst).toBeGreaterThan(worst);
      expect(found.median).toBeGreaterThan(median);
    },
  );

  test("cost the pauses that they ask for, no more: 5 % with Retry-After: 1 leave about 10 flips a second", async () => {
    const found = await flipUnderNoise(0.05, { flips: 600, retryAfterMs: 1000 });
    expect(found.worst).toBeGreaterThan(2.5);
    expect(found.median).toBeGreaterThan(7);
    expect(found.median).toBeLessThan(20);
  });

  test("hide no real limit: 5 % at random, and 100 a second beside it", async () => {
    const found = await flipUnderNoise(0.05, { flips: 10_000, retryAfterMs: 0, limit: 100 });
    expect(found.worst).toBeGreaterThan(20);
    expect(found.median).toBeGreaterThan(45);
    expect(found.most).toBeLessThan(0.1);
  });

  test("and many of them still slow a rollout down: 30 % is no noise", async () => {
    const found = await flipUnderNoise(0.3, { flips: 100, retryAfterMs: 0 });
    expect(found.median).toBeLessThan(10);
  });
});

test("a limit that falls to a tenth is followed within seconds, and not taken for noise", async () => {
  for (const seed of seeds) {
    const random = createRandom(seed);
    const { clock, limiter } = aLimiter({ random });
    const [high, low] = [createFixedWindow(100, random() * 1000), createFixedWindow(10, random() * 1000)];
    const rateLimit: RateLimit = (nowMs) => (nowMs < 20_000 ? high(nowMs) : low(nowMs));
    const found = await flipAll({ limiter, clock, rateLimit, flips: 2_300, concurrency: 16, random });
    expect(found.perSecond).toBeLessThan(13);
    expect(found.refusedShare).toBeLessThan(0.04);
  }
});

test("reaches the policy's maximum where the server has no limit", async () => {
  const { clock, limiter } = aLimiter({ concurrency: 64 });
  const random = createRandom(1);
  const { perSecond } = await flipAll({ limiter, clock, rateLimit: () => true, flips: 9000, concurrency: 64, random });
  expect(perSecond).toBe(1000);
});

/** Asks `count` times at once, and ends each request by `finish`; gives the times of the starts, in order. */
async function startsOf(count: number, options: Partial<LimiterOptions>, finish: (n: number) => [number, Feedback]) {
  const { clock, limiter } = aLimiter(options);
  const starts: { readonly atMs: number; readonly pace: number }[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const requests = Array.from({ length: count }, async (_, n) => {
    const release = await limiter.acquire();
    const [latencyMs, feedback] = finish(n);
    if (feedback.kind !== "unused") starts.push({ atMs: clock.nowMs(), pace: limiter.pace().perSecond });
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    await clock.sleep(latencyMs);
    inFlight -= 1;
    release(feedback);
  });
  await clock.run();
  await Promise.all(requests);
  return { starts, mostInFlight, pace: limiter.pace() };
}

function mostStartsInASecond(starts: readonly { readonly atMs: number }[]): number {
  let most = 0;
  let first = 0;
  starts.forEach(({ atMs }, n) => {
    while (starts[first]!.atMs <= atMs - 1000) first += 1;
    most = Math.max(most, n - first + 1);
  });
  return most;
}

test.each([0.1, 0.7, 1, 2, 7, 33.3, 100, 999, 5000, 100_000])(
  "never starts more than %d in any second, and hardly fewer",
  async (perSecond) => {
    const count = Math.min(20_000, Math.max(5, Math.ceil(perSecond * 1.5)));
    const { starts } = await startsOf(count, { limits: steady(perSecond), concurrency: count }, () => [0, answer]);
    expect(mostStartsInASecond(starts)).toBeLessThanOrEqual(Math.ceil(perSecond));
    expect(starts.at(-1)!.atMs).toBeLessThan((count / perSecond) * 1010 + 2);
  },
);

const anyFeedback: fc.Arbitrary<Feedback> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("answered"), latencyMs: fc.nat(500) }) },
  fc.constant({ kind: "refused" }),
  fc.record({ kind: fc.constant("refused"), retryAfterMs: fc.nat(3000) }),
  fc.constant({ kind: "lost" }),
  fc.constant({ kind: "unused" }),
) as fc.Arbitrary<Feedback>;

test("starts everyone in bounded time, keeps to its places and paces, whatever the server does", async () => {
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
          expect(second.length).toBeLessThanOrEqual(Math.ceil(Math.max(...second.map(({ pace }) => pace))));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("starts callers in the order in which they came", async () => {
  const { clock, limiter } = aLimiter({ concurrency: 2 });
  const order: number[] = [];
  const callers = [1, 2, 3, 4, 5].map(async (caller) => {
    const release = await limiter.acquire();
    order.push(caller);
    await clock.sleep(500 / caller);
    release(answer);
  });
  await clock.run();
  await Promise.all(callers);
  expect(order).toEqual([1, 2, 3, 4, 5]);
});

test("a refusal pauses every caller for the time that the server asked for", async () => {
  const { clock, limiter } = aLimiter({ limits: steady(100) });
  (await limiter.acquire())({ kind: "refused", retryAfterMs: 7000 });
  const starts: number[] = [];
  for (let caller = 0; caller < 3; caller += 1) void limiter.acquire().then(() => starts.push(clock.nowMs()));
  await clock.run();
  expect(starts[0]).toBeGreaterThanOrEqual(7000);
  expect(starts[0]).toBeLessThan(7200);
  expect(starts[2]! - starts[0]!).toBeGreaterThanOrEqual(20);
});

test("no server can ask for more than the longest pause", async () => {
  const { clock, limiter } = aLimiter({ maxPauseMs: 60_000 });
  (await limiter.acquire())({ kind: "refused", retryAfterMs: 86_400_000 });
  void limiter.acquire();
  await clock.run();
  expect(clock.nowMs()).toBeLessThanOrEqual(60_001);
});

test("what was in flight at a refusal lowers the pace no further", async () => {
  const { clock, limiter } = aLimiter({ limits: { ...limits, startPerSecond: 1000 } });
  const releases = await Promise.all([1, 2, 3, 4, 5].map(() => limiter.acquire()));
  releases[0]!(answer);
  const paces = releases.slice(1).map((release) => {
    release({ kind: "refused", retryAfterMs: 1000 });
    return limiter.pace().perSecond;
  });
  expect(new Set(paces).size).toBe(1);
  expect(paces[0]).toBeLessThan(1000);
  await clock.run();
});

test("a lost answer frees the place and says nothing about the pace", async () => {
  const { clock, limiter } = aLimiter({ concurrency: 1 });
  const before = limiter.pace();
  (await limiter.acquire())({ kind: "lost" });
  const next = limiter.acquire();
  await clock.run();
  await next;
  expect(limiter.pace()).toEqual(before);
});

describe("the log", () => {
  function aLoggedLimiter() {
    const lines: { readonly message: string }[] = [];
    return { lines, ...aLimiter({ log: { info: (message, fields) => lines.push({ message, ...fields }) } }) };
  }

  test("says when the pace has doubled or halved, not each step", async () => {
    const { clock, limiter, lines } = aLoggedLimiter();
    const [high, low] = [createFixedWindow(100), createFixedWindow(10)];
    const rateLimit: RateLimit = (nowMs) => (nowMs < 20_000 ? high(nowMs) : low(nowMs));
    await flipAll({ limiter, clock, rateLimit, flips: 2_100, concurrency: 16, random: createRandom(1) });

    const about = (perSecond: number) => expect.closeTo(perSecond, -1);
    expect(lines.slice(0, 3)).toEqual([
      { message: "pace raised", fromPerSecond: 10, toPerSecond: about(20) },
      { message: "pace raised", fromPerSecond: about(20), toPerSecond: about(40) },
      { message: "pace raised", fromPerSecond: about(40), toPerSecond: about(80) },
    ]);
    expect(lines.filter(({ message }) => message === "pace lowered").length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBeLessThan(12);
  });

  test("says once for all in flight that a pause began", async () => {
    const { clock, limiter, lines } = aLoggedLimiter();
    const pause = { kind: "refused", retryAfterMs: 30_000 } as const;
    const [first, second] = [limiter.acquire(), limiter.acquire()];
    await clock.run();
    (await first)(pause);
    (await second)(pause);
    const third = limiter.acquire();
    await clock.run();
    (await third)(pause);

    const line = { message: "pause begun", seconds: 30.3, pacePerSecond: 10 };
    expect(lines).toEqual([line, line]);
  });
});

test("a turn that was not used costs neither its place nor its slot", async () => {
  const { clock, limiter } = aLimiter({ limits: steady(1), concurrency: 1 });
  for (let turn = 0; turn < 5; turn += 1) (await limiter.acquire())({ kind: "unused" });
  (await limiter.acquire())(answer);
  expect(clock.nowMs()).toBe(0);
  const next = limiter.acquire();
  await clock.run();
  await next;
  expect(clock.nowMs()).toBeGreaterThan(1000);
});

test("does not burst after the clock jumped by hours, nor stop when it is set back", async () => {
  for (const jumpMs of [5 * 3_600_000, -5 * 3_600_000]) {
    const { clock, limiter } = aLimiter({ limits: steady(100), concurrency: 1000 });
    (await limiter.acquire())(answer);
    clock.jump(jumpMs);
    const from = clock.nowMs();
    const starts: { readonly atMs: number }[] = [];
    for (let n = 0; n < 200; n += 1) void limiter.acquire().then(() => starts.push({ atMs: clock.nowMs() }));
    await clock.run();
    expect(mostStartsInASecond(starts)).toBeLessThanOrEqual(100);
    expect(starts).toHaveLength(200);
    expect(clock.nowMs() - from).toBeLessThan(2100);
  }
});

test("starts at once, without a timer, while places and slots are free", async () => {
  const { clock, limiter } = aLimiter({
    limits: steady(1000),
    clock: { nowMs: () => 0, sleep: () => Promise.reject(new Error("slept")) },
  });
  (await limiter.acquire())(answer);
  expect(clock.nowMs()).toBe(0);
});

test("goes on with the pace that the part before handed on", async () => {
  const first = aLimiter();
  (await first.limiter.acquire())({ kind: "refused", retryAfterMs: 1000 });
  const handedOn: Pace = JSON.parse(JSON.stringify({ ...first.limiter.pace(), perSecond: 73 }));
  expect(aLimiter({ pace: handedOn }).limiter.pace()).toEqual(handedOn);
});

test("keeps its pace on the real clock too", async () => {
  const limiter = createLimiter({ limits: steady(2000), concurrency: 50 });
  const startedMs = performance.now();
  const callers = Array.from({ length: 600 }, async () => (await limiter.acquire())(answer));
  await Promise.all(callers);
  const elapsedMs = performance.now() - startedMs;
  expect(elapsedMs).toBeGreaterThan(290);
  expect(elapsedMs).toBeLessThan(1500);
});
