import { answered, isTroubled, type Pace, type PaceLimits, refused, startPace } from "../core/flip/pace.ts";
import { OutOfTimeError } from "../core/out-of-time-error.ts";
import { type Log, SILENT_LOG } from "./bound-log.ts";

export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface LimiterOptions {
  readonly limits: PaceLimits;
  /** The most requests in flight. */
  readonly concurrency: number;
  readonly clock?: Clock;
  /** The pace that the part before handed on. */
  readonly pace?: Pace | undefined;
  /** The longest pause that a server can ask for. @default 5 minutes */
  readonly maxPauseMs?: number;
  /** @default Math.random */
  readonly random?: () => number;
  /** Hears of a pace that doubled or halved, and of pauses that a server asks for. @default nobody */
  readonly log?: Log;
}

/** What came of a request; `lost` is one without an answer, which says nothing about the pace, `unused` none at all. */
export type Feedback =
  | { readonly kind: "answered"; readonly latencyMs: number }
  | { readonly kind: "refused"; readonly retryAfterMs?: number }
  | { readonly kind: "lost" }
  | { readonly kind: "unused" };

export type Release = (feedback: Feedback) => void;

export interface Limiter {
  /**
   * Resolves, in the order of the calls, when a request may start: a place and a slot are free and no pause is on.
   * Call the function it gives exactly once, with what came of the request. @throws OutOfTimeError once stopped
   */
  acquire(): Promise<Release>;
  /** Nobody gets in any more; whoever waits is told so. */
  stop(): void;
  /** The pace now: to hand on, and for progress. */
  pace(): Pace;
}

/**
 * Timers come late by a millisecond or more, so slots up to this old are still given. The time between slots is stretched
 * by as much (and a millisecond for rounding), so that no second ever sees more starts than the pace.
 */
const catchUpMs = 5;
const stretchedSecondMs = 1000 + catchUpMs + 1;

/** Most limits are counted by the second, so a server that does not say how long to wait gets one. */
const usualPauseMs = 1000;

/** A limiter that nobody waits for leaves no timer longer than this behind. */
const longestSleepMs = 1000;

/** The share by which a pause is longer than asked for, at most: so clients that were told the same do not return as one. */
const jitter = 0.02;

/** A pace that has changed by this factor is worth a line in the log. */
const notable = 2;

/** The one gate that all requests of a rollout pass, so that a refusal slows every caller and not only the one it met. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { limits, concurrency, clock = realClock, maxPauseMs = 300_000, random = Math.random } = options;
  const { log = SILENT_LOG } = options;
  const nowMs = toStopwatch(clock);
  const waiting = createQueue<{
    readonly enter: (release: Release) => void;
    readonly giveUp: (error: OutOfTimeError) => void;
  }>();
  let pace = startPace(limits, options.pace);
  let loggedPerSecond = pace.perSecond;
  let inFlight = 0;
  let lastSlotMs = Number.NEGATIVE_INFINITY;
  let resumeMs = Number.NEGATIVE_INFINITY;
  let troubleMs = Number.NEGATIVE_INFINITY;
  let wakeMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  function admit(heldBack: boolean): void {
    while (waiting.size() > 0 && inFlight < concurrency) {
      const now = nowMs();
      const slotMs = Math.max(lastSlotMs + stretchedSecondMs / pace.perSecond, now - catchUpMs, resumeMs);
      if (slotMs > now) {
        wakeAt(slotMs, now);
        return;
      }
      const turn = { startedMs: now, heldBack, slotMs, slotBeforeMs: lastSlotMs };
      lastSlotMs = slotMs;
      inFlight += 1;
      waiting.take()?.enter(toRelease(turn));
    }
  }

  function wakeAt(slotMs: number, now: number): void {
    if (wakeMs <= slotMs) return;
    wakeMs = Math.min(slotMs, now + longestSleepMs);
    const alarmMs = wakeMs;
    void clock.sleep(Math.max(1, Math.ceil(alarmMs - now))).then(() => {
      if (wakeMs === alarmMs) wakeMs = Number.POSITIVE_INFINITY;
      admit(true);
    });
  }

  function toRelease({ startedMs, heldBack, slotMs, slotBeforeMs }: Turn): Release {
    return (feedback) => {
      inFlight -= 1;
      switch (feedback.kind) {
        case "answered":
          pace = answered(pace, limits, { latencyMs: feedback.latencyMs, heldBack });
          break;
        case "refused":
          slowDown(startedMs, feedback.retryAfterMs);
          break;
        case "unused":
          if (lastSlotMs === slotMs) lastSlotMs = slotBeforeMs;
          break;
        case "lost":
          break;
      }
      logPace();
      admit(false);
    };
  }

  function logPace(): void {
    const change = pace.perSecond / loggedPerSecond;
    if (change < notable && change > 1 / notable) return;
    const [fromPerSecond, toPerSecond] = [loggedPerSecond, pace.perSecond].map((each) => Math.round(each * 10) / 10);
    loggedPerSecond = pace.perSecond;
    log.info(change > 1 ? "pace raised" : "pace lowered", { fromPerSecond, toPerSecond });
  }

  function slowDown(startedMs: number, retryAfterMs: number | undefined): void {
    const now = nowMs();
    const isNews = startedMs > troubleMs;
    if (isNews) pace = refused(pace, limits, { askedToWait: retryAfterMs !== undefined });
    const isNewTrouble = isNews && isTroubled(pace);
    if (isNewTrouble) troubleMs = now;
    const pauseMs = retryAfterMs ?? (isNewTrouble ? usualPauseMs : 0);
    if (pauseMs === 0) return;
    const lastsMs = Math.min(pauseMs * (1 + jitter * random()), maxPauseMs);
    // Of those who were under way when it began, each is told to wait: that is one pause.
    if (retryAfterMs !== undefined && resumeMs <= now)
      log.info("pause begun", { seconds: Math.round(lastsMs / 100) / 10, pacePerSecond: Math.round(pace.perSecond) });
    resumeMs = Math.max(resumeMs, now + lastsMs);
  }

  return {
    acquire: () =>
      new Promise((enter, giveUp) => {
        if (stopped) return giveUp(outOfTime());
        waiting.add({ enter, giveUp });
        return admit(false);
      }),
    stop: () => {
      stopped = true;
      while (waiting.size() > 0) waiting.take()?.giveUp(outOfTime());
    },
    pace: () => pace,
  };
}

interface Turn {
  readonly startedMs: number;
  readonly heldBack: boolean;
  readonly slotMs: number;
  readonly slotBeforeMs: number;
}

function outOfTime(): OutOfTimeError {
  return new OutOfTimeError("the part's time was over before the request could start");
}

const realClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Time that has passed; a clock that is set back (a test's fake timers) counts as standing still. */
function toStopwatch(clock: Clock): () => number {
  let passedMs = 0;
  let lastMs = clock.nowMs();
  return () => {
    const ms = clock.nowMs();
    passedMs += Math.max(0, ms - lastMs);
    lastMs = ms;
    return passedMs;
  };
}

interface Link<T> {
  readonly item: T;
  next: Link<T> | undefined;
}

/** First in, first out, in constant time however many wait. */
function createQueue<T>() {
  let first: Link<T> | undefined;
  let last: Link<T> | undefined;
  let size = 0;
  return {
    size: () => size,
    add(item: T): void {
      const link: Link<T> = { item, next: undefined };
      if (last) last.next = link;
      else first = link;
      last = link;
      size += 1;
    },
    take(): T | undefined {
      const link = first;
      first = link?.next;
      if (!first) last = undefined;
      if (link) size -= 1;
      return link?.item;
    },
  };
}
