import type { PaceLimits } from "../../../../../lambda/core/flip/pace.ts";
import { createLimiter, type Feedback, type LimiterOptions } from "../../../../../lambda/evovoice/rate/limiter.ts";
import { createSimulatedClock } from "./simulated-clock.ts";

/** A limiter on a simulated clock. */
export function aLimiter(options: Partial<LimiterOptions> = {}) {
  const clock = createSimulatedClock();
  const limits: PaceLimits = { startPerSecond: 10, minPerSecond: 1, maxPerSecond: 1000 };
  return { clock, limiter: createLimiter({ limits, concurrency: 16, mostBackoffMs: 8_000, clock, ...options }) };
}

/** A pace that does not rise; it cannot go down either, unless `minPerSecond` says so. */
export function steady(perSecond: number, minPerSecond = perSecond): PaceLimits {
  return { startPerSecond: perSecond, minPerSecond, maxPerSecond: perSecond };
}

/** Asks `count` times at once and ends each request as `finish` says; gives the times of the starts, in order. */
export async function startsOf(
  count: number,
  options: Partial<LimiterOptions>,
  finish: (n: number) => readonly [latencyMs: number, feedback: Feedback],
) {
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

/** Asks `count` times at once; gives the times of the starts. */
export async function startTimes({ clock, limiter }: ReturnType<typeof aLimiter>, count: number) {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) void limiter.acquire().then(() => times.push(clock.nowMs()));
  await clock.run();
  return times;
}

export function mostStartsInASecond(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  times.forEach((atMs, n) => {
    while (times[first]! <= atMs - 1000) first += 1;
    most = Math.max(most, n - first + 1);
  });
  return most;
}
