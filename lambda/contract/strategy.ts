import * as z from "zod";
import { listShortly } from "./describe.ts";
import { toHundredths } from "./limits.ts";
import { findPredefined } from "./strategy-name.ts";
import { textMatching } from "./text-matching.ts";
import type { Wave, WaveSize } from "./wave.ts";
import { type WaveForm, WrittenStrategy } from "./written-strategy.ts";

const STRATEGY = 'expected a strategy\'s name such as "canary-10-percent-30-minutes", or { "waves": [WAVE, …] }';

export const StrategyName = textMatching(
  /^(?!\.+$)[\w.-]{1,64}$/,
  'expected a strategy\'s name such as "all-at-once": 1 to 64 letters, digits, _ . and -',
);

/** A strategy's name, or its waves. */
export const Strategy = z
  .union([StrategyName, WrittenStrategy], { error: STRATEGY })
  .meta({ id: "strategy", title: "A strategy" });
export type Strategy = z.output<typeof Strategy>;

export interface Strategies {
  readonly strategies: Readonly<Record<string, WrittenStrategy>>;
  /** The name of the default strategy. */
  readonly strategy: string;
}

/**
 * The waves of an event; the last wave takes the rest.
 * @throws Error for an unknown name, which `acceptDeployEvent` and `parsePolicy` refuse before
 */
export function toWaves(
  { strategy }: { readonly strategy?: Strategy | undefined },
  policy: Strategies,
): readonly Wave[] {
  const chosen = strategy ?? policy.strategy;
  const waves = typeof chosen === "string" ? findNamed(chosen, policy.strategies) : toWrittenWaves(chosen);
  if (waves === undefined) throw new Error(`no strategy is called ${listShortly([String(chosen)])}`);
  return waves;
}

function findNamed(name: string, strategies: Strategies["strategies"]): readonly Wave[] | undefined {
  const own = Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  return own === undefined ? findPredefined(name) : toWrittenWaves(own);
}

function toWrittenWaves({ waves }: WrittenStrategy): readonly Wave[] {
  return waves.map((wave, index) => ({
    size: index === waves.length - 1 ? { kind: "rest" } : toSize(wave),
    bakeSeconds: toSeconds(wave.bakeMinutes),
  }));
}

function toSize(wave: WaveForm): WaveSize {
  if ("share" in wave) return { kind: "share", hundredths: toHundredths(wave.share) };
  if ("customers" in wave) return { kind: "customers", customers: wave.customers };
  return "cohort" in wave ? { kind: "cohort", cohort: wave.cohort } : { kind: "rest" };
}

/** Whole seconds, rounded up; milliseconds first, because 0.55 × 60 is a little more than 33. */
function toSeconds(minutes: number): number {
  return Math.ceil(Math.round(minutes * 60_000) / 1_000);
}
