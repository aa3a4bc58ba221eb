import type { Clock } from "../../../../lambda/evovoice/limiter.ts";

/** A clock whose time passes only when everybody sleeps; `run` lets it pass until nobody is left asleep. */
export interface SimulatedClock extends Clock {
  run(untilMs?: number): Promise<void>;
  /** Time passes without anybody waking, as in a process that was frozen. */
  jump(ms: number): void;
}

export function createSimulatedClock(startMs = 0): SimulatedClock {
  const sleepers: { readonly wakeMs: number; readonly wake: () => void }[] = [];
  let now = startMs;
  return {
    nowMs: () => now,
    jump: (ms) => {
      now += ms;
    },
    sleep: (ms) =>
      new Promise((wake) => {
        const wakeMs = now + Math.max(0, ms);
        const at = sleepers.findIndex((sleeper) => sleeper.wakeMs > wakeMs);
        sleepers.splice(at < 0 ? sleepers.length : at, 0, { wakeMs, wake });
      }),
    async run(untilMs = Number.POSITIVE_INFINITY) {
      for (;;) {
        await everythingThatCanRun();
        const next = sleepers[0];
        if (!next || next.wakeMs > untilMs) return;
        sleepers.shift();
        now = Math.max(now, next.wakeMs);
        next.wake();
      }
    },
  };
}

const everythingThatCanRun = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
