import * as z from "zod";
import { amount, roundUpShare, Share, toHundredths, wholeNumber } from "./limits.ts";
import { strictObject } from "./problems.ts";
import { MOST_BAKE_MINUTES } from "./strategy-name.ts";

const MOST_CUSTOMERS = 1_000_000_000;
const FIRST = 'expected a whole number of customers such as 50, or a share of the planned customers such as "10%"';

/** How a large promote must begin. */
export const LargePromote = strictObject({
  above: wholeNumber(0, MOST_CUSTOMERS).describe("a promote of more customers is a large promote"),
  firstWave: z
    .union([Share, z.number({ error: FIRST }).int(FIRST).min(1, FIRST).max(MOST_CUSTOMERS, FIRST)], { error: FIRST })
    .describe("the largest first wave: a number of customers, or a share of the planned customers, rounded up"),
  bakeMinutes: amount("minutes", 0, MOST_BAKE_MINUTES).describe("the shortest bake after that first wave, in minutes"),
}).describe("how a promote of many customers must begin; an event cannot change it");
export type LargePromote = z.output<typeof LargePromote>;

/** The first wave of a rollout that is not empty. */
export interface FirstWave {
  /** The customers of all waves. */
  readonly planned: number;
  readonly customers: number;
  readonly bakeSeconds: number;
}

/** What the rule expects where the first wave breaks it. */
export function findTooLarge(
  { above, firstWave, bakeMinutes }: LargePromote,
  { planned, customers, bakeSeconds }: FirstWave,
): readonly string[] {
  if (planned <= above) return [];
  const most = typeof firstWave === "number" ? firstWave : roundUpShare(toHundredths(firstWave), planned);
  const limit = typeof firstWave === "number" ? `${firstWave} customers` : firstWave;
  const promote = `a promote of more than ${above} customers`;
  return [
    ...(customers > most ? [`a first wave of at most ${limit} for ${promote}`] : []),
    ...(bakeSeconds < bakeMinutes * 60
      ? [`a bake of at least ${bakeMinutes} minutes after the first wave of ${promote}`]
      : []),
  ];
}
