/** What the policy allows, in requests a second. */
export interface PaceLimits {
  readonly startPerSecond: number;
  readonly minPerSecond: number;
  readonly maxPerSecond: number;
}

/** The pace found so far. Plain JSON without a point in time, so that one part can hand it to the next. */
export interface Pace {
  readonly perSecond: number;
  /** The pace at which the server last refused a request; null while no such pace is known. */
  readonly refusedPerSecond: number | null;
}

/** While no limit is known, the pace doubles each second. */
const GROWTH_PER_SECOND = Math.LN2;
/** Near a known limit it rises each second by this share of the limit: back at the limit after some 12 seconds. */
const INCREASE_PER_SECOND = 0.02;
/** What a refusal multiplies the pace by: the growth overshoots the limit by up to a second of doubling. */
const DECREASE = { fromGrowth: 0.5, nearLimit: 0.75 } as const;
/** A pace that is so many times as high without a refusal shows that the limit was lifted. */
const LIFTED = 1.5;

/** The policy's first pace, or the pace that the part before handed on, within the policy of now. */
export function startPace(limits: PaceLimits, handedOn?: Pace): Pace {
  const { perSecond, refusedPerSecond } = handedOn ?? { perSecond: limits.startPerSecond, refusedPerSecond: null };
  return { perSecond: withinLimits(perSecond, limits), refusedPerSecond };
}

/**
 * Additive increase: the pace after an answer. Time is counted in answers: at 50 a second, each answer is a fiftieth of a
 * second.
 */
export function raisePace({ perSecond, refusedPerSecond }: Pace, limits: PaceLimits): Pace {
  const increase = refusedPerSecond === null ? GROWTH_PER_SECOND * perSecond : INCREASE_PER_SECOND * refusedPerSecond;
  const raised = withinLimits(perSecond + increase / perSecond, limits);
  const isLifted = refusedPerSecond !== null && raised > LIFTED * refusedPerSecond;
  return { perSecond: raised, refusedPerSecond: isLifted ? null : refusedPerSecond };
}

/** Multiplicative decrease: the pace after a refusal (429 or 503). */
export function lowerPace({ perSecond, refusedPerSecond }: Pace, limits: PaceLimits): Pace {
  const factor = refusedPerSecond === null ? DECREASE.fromGrowth : DECREASE.nearLimit;
  return { perSecond: withinLimits(perSecond * factor, limits), refusedPerSecond: perSecond };
}

function withinLimits(perSecond: number, { minPerSecond, maxPerSecond }: PaceLimits): number {
  return Math.min(maxPerSecond, Math.max(minPerSecond, perSecond));
}
