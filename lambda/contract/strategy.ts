import * as z from "zod";
import { listShortly } from "./describe.ts";
import { didYouMean } from "./find-closest.ts";
import { toHundredths } from "./limits.ts";
import { memberOf } from "./member-of.ts";
import { type Problem, toPath } from "./problems.ts";
import { findPredefined, PREDEFINED } from "./strategy-name.ts";
import { CohortName } from "./target.ts";
import { textMatching } from "./text-matching.ts";
import type { Wave, WaveSize } from "./wave.ts";
import { MOST_WAVES, type WaveForm, WrittenStrategy } from "./written-strategy.ts";

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

/** The cohorts and strategies of a policy by name. */
export interface Names {
  readonly cohorts: Readonly<Record<string, unknown>>;
  readonly strategies: Readonly<Record<string, unknown>>;
}

/** The names in a strategy that the policy does not have. A malformed strategy is refused elsewhere. */
export function findUnknownStrategies(
  strategy: unknown,
  { cohorts, strategies }: Names,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const name = StrategyName.safeParse(strategy);
  if (!name.success) return findUnknownCohortsOfWaves(strategy, cohorts, path);
  const message = findUnknownStrategy(name.data, strategies);
  return message === undefined ? [] : [{ path: toPath(path), message }];
}

/** The problem with an unknown strategy's name; undefined for a known name. */
export function findUnknownStrategy(name: string, strategies: Readonly<Record<string, unknown>>): string | undefined {
  if (Object.hasOwn(strategies, name) || findPredefined(name) !== undefined) return undefined;
  const names = Object.keys(strategies);
  const known = listShortly(names, 20) || "none";
  return `got "${name}"; expected a strategy of the policy, which has ${known}, or one of ${PREDEFINED}${didYouMean(name, [...names, "all-at-once"])}`;
}

export function findUnknownCohortsOfWaves(
  strategy: unknown,
  cohorts: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const waves = memberOf(strategy, "waves");
  return (Array.isArray(waves) ? waves : [])
    .slice(0, MOST_WAVES)
    .flatMap((wave, index) => findUnknownCohort(wave, cohorts, [...path, "waves", index]));
}

/** The problem with the cohort of a target or a wave that the policy does not have. */
export function findUnknownCohort(
  value: unknown,
  cohorts: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
): readonly Problem[] {
  const name = CohortName.safeParse(memberOf(value, "cohort"));
  if (!name.success || Object.hasOwn(cohorts, name.data)) return [];
  const known = listShortly(Object.keys(cohorts), 20) || "none";
  const message = `got "${name.data}"; expected a cohort of the policy, which has ${known}`;
  return [{ path: toPath([...path, "cohort"]), message }];
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
