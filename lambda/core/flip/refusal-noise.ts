/**
 * Refusals that have nothing to do with the pace: a balancer that sheds some requests, a restart, one bad server of ten.
 * What tells them from a limit is that they go on when the pace is far under what the server took a moment ago. So they
 * are looked for there, in a probe, and what was found there is what windows of answers may show without being trouble.
 */
export interface Probe {
  readonly requests: number;
  readonly refusals: number;
  /** So many requests without a refusal show that there was a limit: by the share that was refused, three were due. */
  readonly enough: number;
  /** The pace that would have been gone on with. */
  readonly fromPerSecond: number;
}

/** What all probes so far have shown, older ones counting less. */
export interface Noise {
  readonly requests: number;
  readonly refusals: number;
}

export type Finding = "open" | "limit" | "noise" | "still too high";

export const NO_NOISE: Noise = { requests: 0, refusals: 0 };

/** A server that sheds one request in five hundred is as good as one that sheds none. */
const LEAST_SHARE = 0.002;
/** More than this is never taken for noise, whatever the pace: such a server wants to be left alone. */
const MOST_SHARE = 0.2;
/** How far from its usual count chance takes a window, in standard deviations: beyond it about once in many minutes. */
const BY_CHANCE = 3;
const PROBE = { least: 20, most: 100, seconds: 10, refusals: 3 } as const;
const REMEMBERED_REQUESTS = 400;

/** Whether this many refusals among so many requests are more than noise. */
export function isMoreThanNoise(noise: Noise, { requests, refusals }: { requests: number; refusals: number }): boolean {
  const usual = Math.max(LEAST_SHARE, noiseShare(noise)) * requests;
  return refusals > 1 + usual + BY_CHANCE * Math.sqrt(usual);
}

/** The share of requests that is refused at any pace, as far as it is known. One refusal shows nothing. */
export function noiseShare({ requests, refusals }: Noise): number {
  return refusals < 2 ? 0 : refusals / requests;
}

/** Whether so large a share could be noise at all. */
export function mayBeNoise(share: number): boolean {
  return share <= MOST_SHARE;
}

/** A probe at this pace, after trouble in which this share was refused. A slow one gets no longer than it must. */
export function startProbe(
  share: number,
  { perSecond, fromPerSecond }: { readonly perSecond: number; readonly fromPerSecond: number },
): Probe {
  const most = Math.min(PROBE.most, perSecond * PROBE.seconds);
  const enough = Math.max(PROBE.least, Math.min(most, Math.ceil(3 / share)));
  return { requests: 0, refusals: 0, enough, fromPerSecond };
}

/** What a probe shows by now. */
export function findNoise({ requests, refusals, enough }: Probe): Finding {
  if (refusals >= PROBE.refusals && !mayBeNoise(refusals / requests)) return "still too high";
  if (requests < PROBE.least) return "open";
  if (refusals >= PROBE.refusals) return "noise";
  return requests >= enough * (1 + refusals) ? "limit" : "open";
}

/** What is known after one more probe. */
export function learn(noise: Noise, { requests, refusals }: Probe): Noise {
  const kept = Math.min(1, REMEMBERED_REQUESTS / Math.max(1, noise.requests + requests));
  return { requests: (noise.requests + requests) * kept, refusals: (noise.refusals + refusals) * kept };
}

/** What is known after a window: clearly fewer refusals than usual mean that the noise is going. */
export function unlearn(noise: Noise, { requests, refusals }: { requests: number; refusals: number }): Noise {
  const usual = noiseShare(noise) * requests;
  return refusals < usual - Math.sqrt(2 * usual) ? { ...noise, refusals: noise.refusals / 2 } : noise;
}
