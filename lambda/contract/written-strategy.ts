import * as z from "zod";
import { didYouMeanMember } from "./find-closest.ts";
import { amount, toHundredths, wholeNumber } from "./limits.ts";
import { memberOf } from "./member-of.ts";
import { strictObject } from "./problems.ts";
import { Share } from "./share.ts";
import { MOST_BAKE_MINUTES } from "./strategy-name.ts";
import { CohortName } from "./target.ts";

/** Each wave costs several durable operations. */
export const MOST_WAVES = 100;
const KINDS = ["share", "customers", "cohort", "rest"] as const;
const WAVES = `expected a list of 1 to ${MOST_WAVES} waves`;
const WAVE = `expected a wave with exactly one of ${KINDS.join(", ")}, and maybe bakeMinutes`;
const REST = '{ "rest": true }';

const bakeMinutes = amount("minutes", 0, MOST_BAKE_MINUTES)
  .default(0)
  .describe("how long the gate reads the alarms after the wave, in minutes");

const WaveForm = z
  .union(
    [
      strictObject({ share: Share, bakeMinutes }).describe("a share of the planned customers, rounded up"),
      strictObject({ customers: wholeNumber(1, 1_000_000_000), bakeMinutes }).describe("a number of customers"),
      strictObject({ cohort: CohortName, bakeMinutes }).describe("the planned customers of this cohort of the policy"),
      strictObject({ rest: z.literal(true, { error: "expected true" }), bakeMinutes }).describe(
        "all remaining customers; only as the last wave",
      ),
    ],
    { error: ({ input }) => expectWave(input) },
  )
  .meta({ id: "wave", title: "A wave" });
export type WaveForm = z.output<typeof WaveForm>;

/** A strategy with its waves; each planned customer is in one wave. */
export const WrittenStrategy = strictObject({
  waves: z
    .array(WaveForm, { error: WAVES })
    .min(1, WAVES)
    .max(MOST_WAVES, WAVES)
    .superRefine(
      (waves, context) => {
        for (const issue of findWaveIssues(waves)) context.addIssue({ code: "custom", ...issue });
      },
      { when: ({ value }) => Array.isArray(value) },
    )
    .describe("the waves in their order; each planned customer is in one wave"),
}).meta({ id: "writtenStrategy", title: "A strategy with its waves" });
export type WrittenStrategy = z.output<typeof WrittenStrategy>;

interface WaveIssue {
  readonly path: PropertyKey[];
  readonly message: string;
  readonly input: unknown;
}

/** The problems of the list of waves; a wave may be malformed. */
function findWaveIssues(waves: readonly unknown[]): readonly WaveIssue[] {
  const last = waves.length - 1;
  const early = waves.flatMap((wave, index) =>
    memberOf(wave, "rest") === true && index < last
      ? [
          {
            path: [index],
            message: `expected ${REST} as the last wave only: it leaves no customer for the next wave`,
            input: wave,
          },
        ]
      : [],
  );
  const leavesOut = findLeftOut(waves);
  return leavesOut === undefined
    ? early
    : [...early, { path: [last], message: `expected ${REST} as the last wave: ${leavesOut}`, input: waves[last] }];
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
  return WAVE + didYouMeanMember(input, [...KINDS, "bakeMinutes"]);
}
