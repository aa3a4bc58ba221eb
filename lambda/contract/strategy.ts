import * as z from "zod";
import { listShortly } from "./describe.ts";
import { didYouMeanMember } from "./find-closest.ts";
import { amount, Share, toHundredths, wholeNumber } from "./limits.ts";
import { memberOf } from "./member-of.ts";
import { type Contradiction, refineWith, strictObject } from "./problems.ts";
import {
  findLongWaits,
  findPredefined,
  MOST_APPROVAL_HOURS,
  MOST_BAKE_MINUTES,
  toDefaultStrategy,
} from "./strategy-name.ts";
import { CohortName } from "./target.ts";
import { textMatching } from "./text-matching.ts";
import type { Wave, WaveSize } from "./wave.ts";

/** Each wave costs several durable operations. */
const MOST_WAVES = 100;
const KINDS = ["share", "customers", "cohort", "rest"] as const;
const WAVES = `expected a list of 1 to ${MOST_WAVES} waves`;
const WAVE = `expected a wave with exactly one of ${KINDS.join(", ")}, and maybe bakeMinutes and approval`;
const REST = '{ "rest": true }';

const bakeMinutes = amount("minutes", 0, MOST_BAKE_MINUTES)
  .default(0)
  .describe("how long the gate reads the alarms after the wave, in minutes");

const approval = strictObject({
  hours: amount("hours", 0.1, MOST_APPROVAL_HOURS).describe(
    "how long the rollout waits for an answer, in hours; no answer in time is a no",
  ),
})
  .optional()
  .describe("the wave begins only after the command `approve`");

const waits = { bakeMinutes, approval };

const WaveForm = z
  .union(
    [
      strictObject({ share: Share, ...waits }).describe("a share of the planned customers, rounded up"),
      strictObject({ customers: wholeNumber(1, 1_000_000_000), ...waits }).describe("a number of customers"),
      strictObject({ cohort: CohortName, ...waits }).describe("the planned customers of this cohort of the policy"),
      strictObject({ rest: z.literal(true, { error: "expected true" }), ...waits }).describe(
        "all remaining customers; only as the last wave",
      ),
    ],
    { error: ({ input }) => expectWave(input) },
  )
  .meta({ id: "wave", title: "A wave" });
type WaveForm = z.output<typeof WaveForm>;

/** A strategy with its waves; each planned customer is in one wave. */
export const WrittenStrategy = strictObject({
  waves: z
    .array(WaveForm, { error: WAVES })
    .min(1, WAVES)
    .max(MOST_WAVES, WAVES)
    .superRefine(...refineWith(findContradictions))
    .describe("the waves in their order; each planned customer is in one wave"),
}).meta({ id: "writtenStrategy", title: "A strategy with its waves" });
export type WrittenStrategy = z.output<typeof WrittenStrategy>;
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
  readonly strategy?: string | undefined;
}

/**
 * The waves of an event that flips so many customers; the last wave takes the rest.
 * @throws Error for an unknown name, which `acceptDeployEvent` and `parsePolicy` refuse before
 */
export function toWaves(
  { strategy }: { readonly strategy?: Strategy | undefined },
  policy: Strategies,
  planned: number,
): readonly Wave[] {
  const chosen = strategy ?? policy.strategy ?? toDefaultStrategy(planned);
  const waves = typeof chosen === "string" ? findNamed(chosen, policy.strategies) : toWrittenWaves(chosen);
  if (waves === undefined) throw new Error(`no strategy is called ${listShortly([String(chosen)])}`);
  return waves;
}

/** Waves that ask for an approval from the first wave on, until one of the strategy itself does. */
export function askFromTheFirst(waves: readonly Wave[], approvalSeconds: number): readonly Wave[] {
  const own = waves.findIndex((wave) => wave.approvalSeconds !== undefined);
  return waves.map((wave, index) => (own < 0 || index < own ? { ...wave, approvalSeconds } : wave));
}

/** How long the first approval of a strategy may take; undefined for a strategy without one, and for an unknown name. */
export function findApproval(
  strategy: Strategy | undefined,
  { strategies, strategy: given }: Strategies,
): number | undefined {
  const chosen = strategy ?? given;
  if (chosen === undefined) return undefined;
  const waves = typeof chosen === "string" ? (findNamed(chosen, strategies) ?? []) : toWrittenWaves(chosen);
  return waves.find(({ approvalSeconds }) => approvalSeconds !== undefined)?.approvalSeconds;
}

function findNamed(name: string, strategies: Strategies["strategies"]): readonly Wave[] | undefined {
  const own = Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  return own === undefined ? findPredefined(name) : toWrittenWaves(own);
}

function toWrittenWaves({ waves }: WrittenStrategy): readonly Wave[] {
  return waves.map((wave, index) => ({
    size: index === waves.length - 1 ? { kind: "rest" } : toSize(wave),
    bakeSeconds: toSeconds(wave.bakeMinutes),
    ...(wave.approval !== undefined && { approvalSeconds: toSeconds(wave.approval.hours * 60) }),
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

function findContradictions(waves: readonly unknown[]): readonly Contradiction[] {
  const bakes = waves.map((wave) => bakeMinutes.safeParse(memberOf(wave, "bakeMinutes")).data ?? 0);
  const approvals = waves.flatMap((wave) => approval.safeParse(memberOf(wave, "approval")).data ?? []);
  const minutes = approvals.map(({ hours }) => hours * 60);
  const tooLong = findLongWaits(bakes, minutes);
  return [...findMisplacedRest(waves), ...(tooLong === undefined ? [] : [{ path: [], expected: tooLong }])];
}

/** Only the last wave takes the rest, and it must leave no customer out. A wave may be malformed. */
function findMisplacedRest(waves: readonly unknown[]): readonly Contradiction[] {
  const last = waves.length - 1;
  const early = waves.flatMap((wave, index): readonly Contradiction[] => {
    const expected = `expected ${REST} as the last wave only: it leaves no customer for the next wave`;
    return memberOf(wave, "rest") === true && index < last ? [{ path: [index], expected }] : [];
  });
  const leavesOut = findLeftOut(waves);
  if (leavesOut === undefined) return early;
  return [...early, { path: [last], expected: `expected ${REST} as the last wave: ${leavesOut}` }];
}

/** Why the waves would leave customers out: each planned customer must be in a wave. */
function findLeftOut(waves: readonly unknown[]): string | undefined {
  const last = waves.at(-1);
  if (memberOf(last, "cohort") !== undefined) return "a cohort would leave customers out";
  if (memberOf(last, "customers") !== undefined) return "a number of customers would leave customers out";
  if (memberOf(last, "share") === undefined) return undefined;
  const shares = waves.map((wave) => Share.safeParse(memberOf(wave, "share")).data);
  const hundredths = shares.reduce((sum, share) => sum + (share === undefined ? 0 : toHundredths(share)), 0);
  if (hundredths >= 10_000 || shares.at(-1) === undefined) return undefined;
  return `shares of ${hundredths / 100}% together would leave customers out`;
}

function expectWave(input: unknown): string {
  return WAVE + didYouMeanMember(input, [...KINDS, ...Object.keys(waits)]);
}
