import type { Clock } from "../../../../../lambda/evovoice/rate/limiter.ts";

/** A clock whose time passes only while all callers sleep; `run` lets it pass until no sleeper is left. */
export interface SimulatedClock extends Clock {
  run(): Promise<void>;
  /** Sleeps and lets the time pass until then. */
  sleepFor(ms: number): Promise<void>;
  /** Time passes without waking a sleeper, as in a process that was frozen. */
  jump(ms: number): void;
}

export function createSimulatedClock(startMs = 0): SimulatedClock {
  const sleepers: { readonly wakeMs: number; readonly wake: () => void }[] = [];
  let now = startMs;

  function sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      const wakeMs = now + Math.max(0, ms);
      const at = sleepers.findIndex((sleeper) => sleeper.wakeMs > wakeMs);
      sleepers.splice(at < 0 ? sleepers.length : at, 0, { wakeMs, wake });
    });
  }

  async function run(): Promise<void> {
    for (;;) {
      await everythingThatCanRun();
      const next = sleepers.shift();
      if (next === undefined) return;
      now = Math.max(now, next.wakeMs);
      next.wake();
    }
  }

  return {
    nowMs: () => now,
    jump: (ms) => {
      now += ms;
    },
    sleep,
    run,
    async sleepFor(ms) {
      const slept = sleep(ms);
      await run();
      await slept;
    },
  };
}

/** A tick comes when no promise is left to settle, and costs a tenth of a turn of the event loop. */
const everythingThatCanRun = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
