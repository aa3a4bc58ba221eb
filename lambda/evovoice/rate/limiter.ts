import { lowerPace, type Pace, type PaceLimits, raisePace, startPace } from "../../core/flip/pace.ts";
import { OutOfTimeError } from "../../core/out-of-time-error.ts";
import { type ClientLog, SILENT_LOG } from "../sample-log.ts";

export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface LimiterOptions {
  readonly limits: PaceLimits;
  /** The most requests in flight. */
  readonly concurrency: number;
  /** The pace that the part before handed on. */
  readonly pace?: Pace | undefined;
  /** The longest pause that a server can ask for. @default 5 minutes */
  readonly maxPauseMs?: number;
  readonly clock?: Clock;
  /** Gets a line when the pace has doubled or halved, and when a pause begins. @default no log */
  readonly log?: ClientLog;
}

/** What became of a request. A `lost` request has no answer, which says nothing about the pace; an `unused` slot had no request. */
export type Feedback =
  | { readonly kind: "answered" | "lost" | "unused" }
  | { readonly kind: "throttled"; readonly retryAfterMs?: number };

export type ReleaseSlot = (feedback: Feedback) => void;

export interface Limiter {
  /**
   * Resolves, in the order of the calls, when a request may start: a place and a slot are free, and no pause is on. The
   * caller calls the function that it gets exactly once, after the request. @throws OutOfTimeError once stopped
   */
  acquire(): Promise<ReleaseSlot>;
  /** Rejects all waiting callers, and all later ones. */
  stop(): void;
  /** The pace now: to hand on, and for progress. */
  pace(): Pace;
}

/**
 * Timers fire late by a millisecond or more, so a slot of up to 5 ms ago is still given. The second in which slots are
 * spread is longer by as much (and a millisecond for rounding), so that no second has more starts than the pace says.
 */
const CATCH_UP_MS = 5;
const SECOND_MS = 1_000 + CATCH_UP_MS + 1;

/** A limiter without a waiting caller leaves no longer timer behind. */
const LONGEST_SLEEP_MS = 1_000;

/** Most servers count by the second, so refusals within a second of the last decrease are no news. */
const DECREASE_EVERY_MS = 1_000;

/** The one gate for all requests of a rollout, so that a refusal slows every caller and not only the refused one. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { limits, concurrency, maxPauseMs = 300_000, clock = SYSTEM_CLOCK, log = SILENT_LOG } = options;
  const waiting: { readonly enter: (release: ReleaseSlot) => void; readonly giveUp: (error: Error) => void }[] = [];
  let pace = startPace(limits, options.pace);
  let loggedPerSecond = pace.perSecond;
  let inFlight = 0;
  let lastSlotMs = Number.NEGATIVE_INFINITY;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let loweredMs = Number.NEGATIVE_INFINITY;
  let wakeMs = Number.POSITIVE_INFINITY;
  let isStopped = false;

  function admit(wasHeldBack: boolean): void {
    while (waiting.length > 0 && inFlight < concurrency) {
      const startedMs = clock.nowMs();
      const slotMs = Math.max(lastSlotMs + SECOND_MS / pace.perSecond, startedMs - CATCH_UP_MS, pausedUntilMs);
      if (slotMs > startedMs) {
        wakeAt(slotMs);
        return;
      }
      const previousSlotMs = lastSlotMs;
      lastSlotMs = slotMs;
      inFlight += 1;
      waiting.shift()?.enter((feedback) => {
        inFlight -= 1;
        if (feedback.kind === "unused" && lastSlotMs === slotMs) lastSlotMs = previousSlotMs;
        // A pace that no request waited for proves nothing by being kept.
        if (feedback.kind === "answered" && wasHeldBack) pace = raisePace(pace, limits);
        if (feedback.kind === "throttled") slowDown(startedMs, feedback.retryAfterMs);
        logPace();
        admit(false);
      });
    }
  }

  function wakeAt(slotMs: number): void {
    if (wakeMs <= slotMs) return;
    const nowMs = clock.nowMs();
    const alarmMs = Math.min(slotMs, nowMs + LONGEST_SLEEP_MS);
    wakeMs = alarmMs;
    void clock.sleep(Math.max(1, Math.ceil(alarmMs - nowMs))).then(() => {
      if (wakeMs === alarmMs) wakeMs = Number.POSITIVE_INFINITY;
      admit(true);
    });
  }

  function slowDown(startedMs: number, retryAfterMs = 0): void {
    const nowMs = clock.nowMs();
    if (startedMs > loweredMs + DECREASE_EVERY_MS) {
      pace = lowerPace(pace, limits);
      loweredMs = nowMs;
    }
    const pauseMs = Math.min(retryAfterMs, maxPauseMs);
    // Of the requests in flight, each is told to wait: that is one pause.
    if (pauseMs > 0 && pausedUntilMs <= nowMs)
      log.info("pause begun", { seconds: Math.round(pauseMs / 100) / 10, pacePerSecond: Math.round(pace.perSecond) });
    pausedUntilMs = Math.max(pausedUntilMs, nowMs + pauseMs);
  }

  function logPace(): void {
    const change = pace.perSecond / loggedPerSecond;
    if (change < 2 && change > 1 / 2) return;
    const [fromPerSecond, toPerSecond] = [loggedPerSecond, pace.perSecond].map((each) => Math.round(each * 10) / 10);
    loggedPerSecond = pace.perSecond;
    log.info(change > 1 ? "pace raised" : "pace lowered", { fromPerSecond, toPerSecond });
  }

  return {
    acquire: () =>
      new Promise((enter, giveUp) => {
        if (isStopped) return giveUp(outOfTime());
        waiting.push({ enter, giveUp });
        return admit(false);
      }),
    stop() {
      isStopped = true;
      for (const { giveUp } of waiting.splice(0)) giveUp(outOfTime());
    },
    pace: () => pace,
  };
}

function outOfTime(): OutOfTimeError {
  return new OutOfTimeError("the part's time was over before the request could start");
}

const SYSTEM_CLOCK: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
