import type { Pace } from "../../../../../lambda/core/flip/pace.ts";
import { createLimiter, type Feedback } from "../../../../../lambda/evovoice/rate/limiter.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aLimiter, mostStartsInASecond, startsOf, startTimes, steady } from "./a-limiter.ts";
import { createFixedWindow, createRandom, flipAll, type RateLimit } from "./limited-server.ts";

const answered: Feedback = { kind: "answered" };

test.each([0.1, 0.7, 1, 2, 7, 33.3, 100, 999, 2000, 100_000])(
  "never starts more than %d in any second, and hardly fewer",
  async (perSecond) => {
    const count = Math.min(3_000, Math.max(5, Math.ceil(perSecond * 1.5)));
    const { starts } = await startsOf(count, { limits: steady(perSecond), concurrency: count }, () => [0, answered]);
    expect(mostStartsInASecond(starts.map(({ atMs }) => atMs))).toBeLessThanOrEqual(Math.ceil(perSecond));
    expect(starts.at(-1)!.atMs).toBeLessThan((count / perSecond) * 1010 + 2);
  },
);

test("starts callers in the order of their calls", async () => {
  const { clock, limiter } = aLimiter({ concurrency: 2 });
  const order: number[] = [];
  const callers = [1, 2, 3, 4, 5].map(async (caller) => {
    const release = await limiter.acquire();
    order.push(caller);
    await clock.sleep(500 / caller);
    release(answered);
  });
  await clock.run();
  await Promise.all(callers);
  expect(order).toEqual([1, 2, 3, 4, 5]);
});

test("one refusal pauses every caller for the time in Retry-After", async () => {
  const limited = aLimiter({ limits: steady(100) });
  (await limited.limiter.acquire())({ kind: "throttled", retryAfterMs: 7000 });
  const [first = 0, , third = 0] = await startTimes(limited, 3);
  expect(first).toBeGreaterThanOrEqual(7000);
  expect(first).toBeLessThan(7100);
  expect(third - first).toBeGreaterThanOrEqual(20);
});

test("refusals without a time to wait pause each caller twice as long each time, until an answer", async () => {
  const { clock, limiter } = aLimiter({ limits: steady(1000), mostBackoffMs: 500 });
  const pauses: number[] = [];
  for (const kind of ["throttled", "throttled", "throttled", "answered", "throttled", "answered"] as const) {
    const from = clock.nowMs();
    const acquired = limiter.acquire();
    await clock.run();
    pauses.push(Math.round((clock.nowMs() - from) / 10) * 10);
    (await acquired)({ kind });
  }
  expect(pauses).toEqual([0, 200, 400, 500, 0, 200]);
});

test("one refusal without a time to wait slows every caller", async () => {
  const limited = aLimiter({ limits: steady(100, 1) });
  (await limited.limiter.acquire())({ kind: "throttled" });
  const times = await startTimes(limited, 6);
  expect(limited.limiter.pace()).toEqual({ perSecond: 50, refusedPerSecond: 100 });
  expect(times[5]! - times[0]!).toBeGreaterThanOrEqual(100);
});

test("a server cannot cause more than the longest pause", async () => {
  const limited = aLimiter({ maxPauseMs: 60_000 });
  (await limited.limiter.acquire())({ kind: "throttled", retryAfterMs: 86_400_000 });
  const [next] = await startTimes(limited, 1);
  expect(next).toBeLessThanOrEqual(60_001);
});

test("refusals of many requests in flight lower the pace once a second", async () => {
  const { clock, limiter } = aLimiter({ limits: steady(1000, 1) });
  await clock.sleepFor(2000);
  const releases = await Promise.all([1, 2, 3, 4, 5].map(() => limiter.acquire()));
  for (const release of releases) release({ kind: "throttled" });
  expect(limiter.pace().perSecond).toBe(500);

  await clock.sleepFor(900);
  (await limiter.acquire())({ kind: "throttled" });
  expect(limiter.pace().perSecond).toBe(500);

  await clock.sleepFor(400);
  (await limiter.acquire())({ kind: "throttled" });
  expect(limiter.pace().perSecond).toBe(375);
});

test("only requests that waited for their slot raise the pace", async () => {
  const { clock, limiter } = aLimiter({ concurrency: 1 });
  for (let request = 0; request < 30; request += 1) {
    (await limiter.acquire())(answered);
    await clock.sleepFor(1000);
  }
  expect(limiter.pace().perSecond).toBe(10);
  const { pace } = await startsOf(10, {}, () => [20, answered]);
  expect(pace.perSecond).toBeGreaterThan(10);
});

test("a request without an answer frees its slot and does not change the pace", async () => {
  const limited = aLimiter({ concurrency: 1 });
  const before = limited.limiter.pace();
  (await limited.limiter.acquire())({ kind: "lost" });
  expect(await startTimes(limited, 1)).toHaveLength(1);
  expect(limited.limiter.pace()).toEqual(before);
});

test("an unused slot is given to the next caller at once", async () => {
  const limited = aLimiter({ limits: steady(1), concurrency: 1 });
  for (let turn = 0; turn < 5; turn += 1) (await limited.limiter.acquire())({ kind: "unused" });
  (await limited.limiter.acquire())(answered);
  expect(limited.clock.nowMs()).toBe(0);
  const [next] = await startTimes(limited, 1);
  expect(next).toBeGreaterThan(1000);
});

test("does not burst after the process was frozen for hours", async () => {
  const limited = aLimiter({ limits: steady(100), concurrency: 1000 });
  (await limited.limiter.acquire())(answered);
  limited.clock.jump(5 * 3_600_000);
  const from = limited.clock.nowMs();
  const times = await startTimes(limited, 200);
  expect(mostStartsInASecond(times)).toBeLessThanOrEqual(100);
  expect(times).toHaveLength(200);
  expect(times[199]! - from).toBeLessThan(2100);
});

test("starts at once, without a timer, while places and slots are free", async () => {
  const clock = { nowMs: () => 0, sleep: () => Promise.reject(new Error("slept")) };
  const limiter = createLimiter({ limits: steady(1000), concurrency: 16, mostBackoffMs: 1, clock });
  await expect(limiter.acquire()).resolves.toBeInstanceOf(Function);
});

test("continues with the pace of the previous part", async () => {
  const first = aLimiter();
  (await first.limiter.acquire())({ kind: "throttled", retryAfterMs: 1000 });
  const handedOn: Pace = JSON.parse(JSON.stringify({ ...first.limiter.pace(), perSecond: 73 }));
  expect(aLimiter({ pace: handedOn }).limiter.pace()).toEqual(handedOn);
});

test("a stopped limiter rejects waiting and later callers", async () => {
  const { limiter } = aLimiter({ limits: steady(1), concurrency: 1 });
  await limiter.acquire();
  const waiting = expect(limiter.acquire()).rejects.toThrow("the part's time was over");
  limiter.stop();
  await waiting;
  await expect(limiter.acquire()).rejects.toThrow("the part's time was over");
});

describe("the log", () => {
  function aLoggedLimiter() {
    const lines: { readonly message: string }[] = [];
    return { lines, ...aLimiter({ log: { info: (message, fields) => lines.push({ message, ...fields }) } }) };
  }

  test("has a line when the pace has doubled or halved", async () => {
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

  test("has one line for a pause of all requests in flight", async () => {
    const { clock, limiter, lines } = aLoggedLimiter();
    const pause = { kind: "throttled", retryAfterMs: 30_000 } as const;
    const [first, second] = [limiter.acquire(), limiter.acquire()];
    await clock.run();
    (await first)(pause);
    (await second)(pause);
    const third = limiter.acquire();
    await clock.run();
    (await third)(pause);

    expect(lines).toEqual([
      { message: "pause begun", seconds: 30, pacePerSecond: 5 },
      { message: "pace lowered", fromPerSecond: 10, toPerSecond: 5 },
      { message: "pause begun", seconds: 30, pacePerSecond: 4 },
    ]);
  });
});
