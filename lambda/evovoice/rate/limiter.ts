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
  /** The pace that the previous part found. */
  readonly pace?: Pace | undefined;
  /** The longest pause that a `Retry-After` can cause. @default 5 minutes */
  readonly maxPauseMs?: number;
  /** The longest pause after a refusal without a `Retry-After`. */
  readonly mostBackoffMs: number;
  readonly clock?: Clock;
  /** Gets a line when the pace doubles or halves, and when a pause of a second or more begins. @default no log */
  readonly log?: ClientLog;
}

/** The result of a slot. A `lost` request has no answer, which says nothing about the pace; in an `unused` slot no request was sent. */
export type Feedback =
  | { readonly kind: "answered" | "lost" | "unused" }
  | { readonly kind: "throttled"; readonly retryAfterMs?: number };

export type ReleaseSlot = (feedback: Feedback) => void;

export interface Limiter {
  /**
   * Resolves, in the order of the calls, when a request may start. The caller must call the returned function exactly
   * once, after the request. @throws OutOfTimeError after `stop`
   */
  acquire(): Promise<ReleaseSlot>;
  /** Rejects all waiting and all later callers. */
  stop(): void;
  pace(): Pace;
}

/**
 * Timers fire a millisecond or more late, so a slot of up to 5 ms ago can still be used. The second over which slots are
 * spread is 6 ms longer (5 ms, and 1 ms for rounding), so that no second has more starts than the pace allows.
 */
const CATCH_UP_MS = 5;
const SECOND_MS = 1_000 + CATCH_UP_MS + 1;

/** The longest timer that can remain when no caller waits. */
const LONGEST_SLEEP_MS = 1_000;

/** The pause after a refusal without a `Retry-After`; it doubles with each refusal until a request is answered. */
const FIRST_BACKOFF_MS = 200;

/** Most servers count by the second, so refusals within a second of the last decrease say nothing new. */
const DECREASE_EVERY_MS = 1_000;

/** Every request of a rollout passes this limiter, so that a refusal slows every caller down. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { limits, concurrency, mostBackoffMs, maxPauseMs = 300_000, clock = SYSTEM_CLOCK, log = SILENT_LOG } = options;
  const waiting: { readonly enter: (release: ReleaseSlot) => void; readonly giveUp: (error: Error) => void }[] = [];
  let pace = startPace(limits, options.pace);
  let loggedPerSecond = pace.perSecond;
  let inFlight = 0;
  let lastSlotMs = Number.NEGATIVE_INFINITY;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let loweredMs = Number.NEGATIVE_INFINITY;
  let nextBackoffMs = FIRST_BACKOFF_MS;
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
        if (feedback.kind === "answered") speedUp(startedMs, wasHeldBack);
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

  function speedUp(startedMs: number, wasHeldBack: boolean): void {
    // An answer confirms a pace only when requests waited for their slots.
    if (wasHeldBack) pace = raisePace(pace, limits);
    if (startedMs >= pausedUntilMs) nextBackoffMs = FIRST_BACKOFF_MS;
  }

  function slowDown(startedMs: number, retryAfterMs: number | undefined): void {
    const nowMs = clock.nowMs();
    if (startedMs > loweredMs + DECREASE_EVERY_MS) {
      pace = lowerPace(pace, limits);
      loweredMs = nowMs;
    }
    // The server refuses each request in flight: that is one pause.
    const isNew = startedMs >= pausedUntilMs;
    const backoffMs = isNew ? Math.min(nextBackoffMs, mostBackoffMs) : 0;
    const pauseMs = retryAfterMs === undefined ? backoffMs : Math.min(retryAfterMs, maxPauseMs);
    if (isNew) nextBackoffMs *= 2;
    if (isNew && pauseMs >= 1_000)
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
