import type { Limiter } from "../../../../../lambda/evovoice/rate/limiter.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** Whether a request that arrives now is answered; otherwise it is refused. */
export type RateLimit = (nowMs: number) => boolean;

/** `perSecond` requests in each second; the server's seconds begin `phaseMs` before the clock's. */
export function createFixedWindow(perSecond: number, phaseMs = 0): RateLimit {
  let second = Number.NaN;
  let count = 0;
  return (nowMs) => {
    const current = Math.floor((nowMs + phaseMs) / 1000);
    if (current !== second) count = 0;
    second = current;
    count += 1;
    return count <= perSecond;
  };
}

/** A bucket that holds a second's worth and is full at first. */
export function createTokenBucket(perSecond: number): RateLimit {
  let tokens = perSecond;
  let lastMs = 0;
  return (nowMs) => {
    tokens = Math.min(perSecond, tokens + ((nowMs - lastMs) * perSecond) / 1000);
    lastMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

export interface Load {
  readonly limiter: Limiter;
  readonly clock: SimulatedClock;
  readonly rateLimit: RateLimit;
  readonly flips: number;
  readonly concurrency: number;
  readonly retryAfterMs?: number;
  readonly random: () => number;
}

/** Flips through the limiter, with latencies of 0 to 50 ms; what is refused is tried again. */
export async function flipAll(load: Load) {
  let left = load.flips;
  let requests = 0;
  let refusals = 0;
  let endMs = 0;
  async function request(): Promise<boolean> {
    const release = await load.limiter.acquire();
    const latencyMs = load.random() * 50;
    requests += 1;
    await load.clock.sleep(latencyMs / 2);
    const accepted = load.rateLimit(load.clock.nowMs());
    await load.clock.sleep(latencyMs / 2);
    if (accepted) release({ kind: "answered" });
    else release({ kind: "throttled", ...(load.retryAfterMs && { retryAfterMs: load.retryAfterMs }) });
    return accepted;
  }
  async function flipNext(): Promise<void> {
    while (left > 0) {
      left -= 1;
      while (!(await request())) refusals += 1;
    }
    endMs = load.clock.nowMs();
  }
  const workers = Array.from({ length: load.concurrency }, flipNext);
  await load.clock.run();
  await Promise.all(workers);
  return { seconds: endMs / 1000, refusedShare: refusals / requests, perSecond: load.limiter.pace().perSecond };
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
