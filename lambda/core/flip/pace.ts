import {
  findNoise,
  isMoreThanNoise,
  learn,
  mayBeNoise,
  NO_NOISE,
  type Noise,
  noiseShare,
  type Probe,
  startProbe,
  unlearn,
} from "./refusal-noise.ts";

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
 *
 * What lowers it is the share of refusals in a window, once in a round trip, and not each refusal. Where it was lowered time
 * after time in vain, it is found out whether refusals have to do with it at all, see `refusal-noise.ts`.
 */
export interface Pace {
  readonly perSecond: number;
  /** The pace at which the server last had enough; null until it has. */
  readonly ceiling: number | null;
  /** How slowly the pace goes back to the ceiling and beyond: after this time it has risen by two thirds. */
  readonly patienceSeconds: number;
  /** Answers since the pace was last lowered, in seconds' worth. */
  readonly quietSeconds: number;
  /** Times in a row that refusals lowered the pace, with hardly a quiet moment between, and what it was before them. */
  readonly descent: { readonly steps: number; readonly fromPerSecond: number };
  /** Not null while it is found out, far under what the server took, whether refusals go on all the same. */
  readonly probe: Probe | null;
  /** The refusals that have nothing to do with the pace. */
  readonly noise: Noise;
  /** The fastest answer of a usual window; null before the first. */
  readonly usualMs: number | null;
  /** The window being measured: its answers, the fastest of them, and its refusals. */
  readonly window: { readonly answers: number; readonly fastestMs: number | null; readonly refusals: number };
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

/** The first rise: from 10 a second over 100 after one second; faster than doubling, and it overshoots less at its end. */
const startPacesPerSecond = 10;

/** The first ceiling is overshot by up to a second of rising, those after it by little. */
const underFirstCeiling = 0.58;
const underCeiling = 0.94;

/** Refused within two seconds' worth of answers, the pace is still too high: lower by what the server took, at most by half. */
const tooHighSeconds = 2;
const stillTooHigh = { atMost: 0.88, atLeast: 0.5 } as const;

const NO_DESCENT: Pace["descent"] = { steps: 0, fromPerSecond: 0 };

/** Lowered four times with hardly a quiet moment between (seconds, or answers where it is slow), it may be in vain. */
const inVain = { steps: 4, quietSeconds: 10, quietAnswers: 60, probeFactor: 0.5 } as const;

/** A ceiling met twice within a twentieth is trusted, and tried again only after half a minute and more. */
const sameCeiling = 0.05;
const patience = { newSeconds: 40, trustedSeconds: 100 } as const;

/**
 * The fastest of a second's answers (of thirty at least) tells a busy server from the noise and long tails of a network.
 * Clearly slower is double and 50 ms more than usual; what stays slower becomes usual.
 */
const windowAnswers = 30;
const NEW_WINDOW: Pace["window"] = { answers: 0, fastestMs: null, refusals: 0 };
const slower = { factor: 2, extraMs: 50, underPace: 0.9, learned: 0.05 } as const;

/** The pace to begin with: the policy's, or what an earlier part found, within the policy of now. */
export function startPace(limits: PaceLimits, handedOn?: Pace): Pace {
  if (handedOn) return { ...handedOn, perSecond: withinLimits(handedOn.perSecond, limits) };
  return {
    perSecond: withinLimits(limits.startPerSecond, limits),
    ceiling: null,
    patienceSeconds: patience.newSeconds,
    quietSeconds: 0,
    descent: NO_DESCENT,
    probe: null,
    noise: NO_NOISE,
    usualMs: null,
    window: NEW_WINDOW,
  };
}

/** The pace after an answer. */
export function answered(pace: Pace, limits: PaceLimits, answer: Answer): Pace {
  const quietSeconds = pace.quietSeconds + 1 / pace.perSecond;
  if (pace.probe)
    return judgeProbe({ ...pace, quietSeconds }, limits, { ...pace.probe, requests: pace.probe.requests + 1 });
  const rise = answer.heldBack ? risePerSecond(pace, limits) / pace.perSecond : 0;
  const { window } = pace;
  const next = {
    ...pace,
    perSecond: withinLimits(pace.perSecond + rise, limits),
    quietSeconds,
    window: {
      ...window,
      answers: window.answers + 1,
      fastestMs: Math.min(window.fastestMs ?? answer.latencyMs, answer.latencyMs),
    },
  };
  return next.window.answers < windowSize(next) ? next : judgeWindow(next, limits);
}

/**
 * The pace after a refusal (429 or 503). Report only those of requests that began after the pace was lowered: so one round
 * trip lowers it once.
 */
export function refused(pace: Pace, limits: PaceLimits, refusal: Refusal): Pace {
  // Without any answer since the pace was lowered the server is down, or its window still closed: no matter of pace.
  if (isTroubled(pace)) return pace;
  if (pace.probe) {
    const { requests, refusals } = pace.probe;
    return judgeProbe(pace, limits, { ...pace.probe, requests: requests + 1, refusals: refusals + 1 });
  }
  const next = { ...pace, window: { ...pace.window, refusals: pace.window.refusals + 1 } };
  return isTrouble(next, refusal) ? descend(next, limits) : next;
}

/** Whether nothing was answered since the pace was last lowered. */
export function isTroubled({ quietSeconds }: Pace): boolean {
  return quietSeconds === 0;
}

/** Whether the refusals of this window are more than noise. Where none is known, a server that names a time is believed at once. */
function isTrouble(pace: Pace, { askedToWait }: Refusal): boolean {
  if (askedToWait && noiseShare(pace.noise) === 0) return true;
  return isMoreThanNoise(pace.noise, { requests: windowSize(pace), refusals: pace.window.refusals });
}

/** One step down; where some in a row were in vain, a probe of whether lowering helps at all. */
function descend(pace: Pace, limits: PaceLimits): Pace {
  const { perSecond, quietSeconds, descent: before } = pace;
  const isOn = before.steps > 0 && quietSeconds < Math.max(inVain.quietSeconds, inVain.quietAnswers / perSecond);
  const descent = isOn ? { ...before, steps: before.steps + 1 } : { steps: 1, fromPerSecond: perSecond };
  const next = { ...lower(pace, underRefused(pace), limits), descent };
  const share = refusedShare(pace);
  if (descent.steps < inVain.steps || !mayBeNoise(share)) return next;
  const slow = withinLimits(perSecond * Math.min(1, quietSeconds) * inVain.probeFactor, limits);
  return { ...next, perSecond: slow, probe: startProbe(share, { perSecond: slow, fromPerSecond: next.perSecond }) };
}

/** Of a window's worth of requests, or of all since the pace was lowered where those are fewer. */
function refusedShare({ window: { refusals }, quietSeconds, perSecond }: Pace): number {
  return refusals / (refusals + Math.min(windowSize({ perSecond }), quietSeconds * perSecond));
}

function judgeProbe(pace: Pace, limits: PaceLimits, probe: Probe): Pace {
  const over = { ...pace, probe: null, descent: NO_DESCENT, noise: learn(pace.noise, probe), window: NEW_WINDOW };
  switch (findNoise(probe)) {
    case "open":
      return { ...pace, probe };
    case "limit":
      return { ...over, perSecond: withinLimits(probe.fromPerSecond, limits) };
    case "noise":
      // Any ceiling met before may have been this noise.
      return { ...over, perSecond: withinLimits(pace.descent.fromPerSecond, limits), ceiling: null };
    case "still too high":
      return lower({ ...pace, probe: null }, stillTooHigh.atLeast, limits);
  }
}

/** A second's worth, and enough to judge by. */
function windowSize({ perSecond }: Pick<Pace, "perSecond">): number {
  return Math.max(windowAnswers, perSecond);
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
    noise: unlearn(pace.noise, { requests: pace.window.answers, refusals: pace.window.refusals }),
    window: NEW_WINDOW,
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
    window: NEW_WINDOW,
  };
}

function withinLimits(perSecond: number, { minPerSecond, maxPerSecond }: PaceLimits): number {
  return Math.min(maxPerSecond, Math.max(minPerSecond, perSecond));
}
