/** What the policy allows, in requests a second. */
export interface PaceLimits {
  readonly startPerSecond: number;
  readonly minPerSecond: number;
  readonly maxPerSecond: number;
}

/**
 * The pace found so far. Plain JSON without a point in time, so that one part can hand it on to the next.
 *
 * It rises fast until the server has had enough for the first time, by a refusal or by clearly slower answers. That level
 * is remembered as the ceiling; the pace goes under it and rises again slowly, then ever faster, the longer all is quiet:
 * so it stays just under a limit that stands, and soon finds one that was lifted. Time is counted in answers, a second's
 * worth at a time, and only requests that the pace held back can raise it: a pace that nobody uses proves nothing.
 */
export interface Pace {
  readonly perSecond: number;
  /** The pace at which the server last had enough; null until it has. */
  readonly ceiling: number | null;
  /** How slowly the pace goes back to the ceiling and beyond: after this time it has risen by two thirds. */
  readonly patienceSeconds: number;
  /** Answers since the pace was last lowered, in seconds' worth. */
  readonly quietSeconds: number;
  readonly answersSinceRefusal: number;
  /** The fastest answer of a usual window; null before the first. */
  readonly usualMs: number | null;
  /** The window being measured: its answers, and the fastest of them. */
  readonly window: { readonly answers: number; readonly fastestMs: number | null };
}

export interface Answer {
  readonly latencyMs: number;
  /** Whether the request had waited for its slot: only then would a higher pace have been of use. */
  readonly heldBack: boolean;
}

export interface Refusal {
  /** Whether the server named a time to wait (`Retry-After`). */
  readonly askedToWait: boolean;
}

/** A server that sheds a request now and then (a restart, a balancer) is not at its limit: one in thirty is noise. */
const isolatedAnswers = 30;

/** The first rise: from 10 a second over 100 after one second; faster than doubling, and it overshoots less at its end. */
const startPacesPerSecond = 10;

/** The first ceiling is overshot by up to a second of rising, those after it by little. */
const underFirstCeiling = 0.58;
const underCeiling = 0.94;

/** Refused within two seconds' worth of answers, the pace is still too high: lower by what the server took, at most by half. */
const tooHighSeconds = 2;
const stillTooHigh = { atMost: 0.88, atLeast: 0.5 } as const;

/** A ceiling met twice within a twentieth is trusted, and tried again only after half a minute and more. */
const sameCeiling = 0.05;
const patience = { newSeconds: 40, trustedSeconds: 100 } as const;

/**
 * The fastest of a second's answers (of twenty at least) tells a busy server from the noise and long tails of a network.
 * Clearly slower is double and 50 ms more than usual; what stays slower becomes usual.
 */
const windowAnswers = 20;
const slower = { factor: 2, extraMs: 50, underPace: 0.9, learned: 0.05 } as const;

/** The pace to begin with: the policy's, or what an earlier part found, within the policy of now. */
export function startPace(limits: PaceLimits, handedOn?: Pace): Pace {
  if (handedOn) return { ...handedOn, perSecond: withinLimits(handedOn.perSecond, limits) };
  return {
    perSecond: withinLimits(limits.startPerSecond, limits),
    ceiling: null,
    patienceSeconds: patience.newSeconds,
    quietSeconds: 0,
    answersSinceRefusal: isolatedAnswers,
    usualMs: null,
    window: { answers: 0, fastestMs: null },
  };
}

/** The pace after an answer. */
export function answered(pace: Pace, limits: PaceLimits, answer: Answer): Pace {
  const rise = answer.heldBack ? risePerSecond(pace, limits) / pace.perSecond : 0;
  const next = {
    ...pace,
    perSecond: withinLimits(pace.perSecond + rise, limits),
    quietSeconds: pace.quietSeconds + 1 / pace.perSecond,
    answersSinceRefusal: pace.answersSinceRefusal + 1,
    window: {
      answers: pace.window.answers + 1,
      fastestMs: Math.min(pace.window.fastestMs ?? answer.latencyMs, answer.latencyMs),
    },
  };
  return next.window.answers < Math.max(windowAnswers, pace.perSecond) ? next : judgeWindow(next, limits);
}

/** The pace after a refusal (429 or 503). Report one for each time of trouble: what was in flight then is no news. */
export function refused(pace: Pace, limits: PaceLimits, refusal: Refusal): Pace {
  const next = { ...pace, answersSinceRefusal: 0 };
  // Without any answer since the pace was lowered the server is down, or its window still closed: no matter of pace.
  if (!isTrouble(pace, refusal) || pace.quietSeconds === 0) return next;
  return lower(next, underRefused(pace), limits);
}

/** Whether a refusal is more than noise: the server asks to wait, or has refused before within a few answers. */
export function isTrouble(pace: Pace, { askedToWait }: Refusal): boolean {
  return askedToWait || pace.answersSinceRefusal < isolatedAnswers;
}

function risePerSecond({ perSecond, ceiling, quietSeconds, patienceSeconds }: Pace, limits: PaceLimits): number {
  if (ceiling === null) return Math.max(startPacesPerSecond * limits.startPerSecond, Math.LN2 * perSecond);
  return (perSecond * quietSeconds) / patienceSeconds ** 2;
}

function underRefused({ ceiling, quietSeconds }: Pace): number {
  if (ceiling === null) return underFirstCeiling;
  if (quietSeconds >= tooHighSeconds) return underCeiling;
  return Math.max(stillTooHigh.atLeast, Math.min(stillTooHigh.atMost, quietSeconds));
}

function judgeWindow(pace: Pace, limits: PaceLimits): Pace {
  const fastestMs = pace.window.fastestMs ?? 0;
  const usualMs = pace.usualMs ?? fastestMs;
  const learned = fastestMs < usualMs ? 1 : slower.learned;
  const next = {
    ...pace,
    usualMs: usualMs + (fastestMs - usualMs) * learned,
    window: { answers: 0, fastestMs: null },
  };
  return fastestMs > slower.factor * usualMs + slower.extraMs ? lower(next, slower.underPace, limits) : next;
}

function lower(pace: Pace, factor: number, limits: PaceLimits): Pace {
  const { perSecond, ceiling } = pace;
  const trusted = ceiling !== null && Math.abs(perSecond / ceiling - 1) < sameCeiling;
  return {
    ...pace,
    perSecond: withinLimits(perSecond * factor, limits),
    ceiling: perSecond,
    patienceSeconds: trusted ? patience.trustedSeconds : patience.newSeconds,
    quietSeconds: 0,
  };
}

function withinLimits(perSecond: number, { minPerSecond, maxPerSecond }: PaceLimits): number {
  return Math.min(maxPerSecond, Math.max(minPerSecond, perSecond));
}
