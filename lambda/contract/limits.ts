import * as z from "zod";
import { strictObject } from "./problems.ts";
import { textMatching } from "./text-matching.ts";

const BUDGET =
  'expected a whole number of customers such as 10, or a share of the planned customers such as "1%" or "0.5%"';

/** How many customers may fail before a rollout stops: a number, or a share of the planned customers. */
export const FailureBudget = z.union(
  [
    z.number({ error: BUDGET }).int(BUDGET).min(0, BUDGET).max(1_000_000_000, BUDGET),
    textMatching(/^(?:100(?:\.00?)?|[1-9]?\d(?:\.\d{1,2})?)%$/, BUDGET),
  ],
  { error: BUDGET },
);
export type FailureBudget = z.output<typeof FailureBudget>;

export const Share = textMatching(
  /^(?!0(?:\.00?)?%)(?:100(?:\.00?)?|[1-9]?\d(?:\.\d{1,2})?)%$/,
  'expected a share such as "10%" or "0.5%": more than 0%, at most 100%, with at most two decimals',
);

/** The customers of a share in hundredths of a percent, rounded up. */
export function roundUpShare(hundredths: number, customers: number): number {
  return Math.ceil((customers * hundredths) / 10_000);
}

/** A share in whole hundredths of a percent. */
export function toHundredths(share: string): number {
  return Math.round(Number.parseFloat(share) * 100);
}

/**
 * Whether `narrow` never allows more failures than `wide`, for any number of customers. A number and a share can be
 * compared only when `narrow` allows no failure or `wide` allows every failure.
 */
export function isNarrowerBudget(narrow: FailureBudget, wide: FailureBudget): boolean {
  if (toAmount(narrow) === 0 || (typeof wide === "string" && toAmount(wide) === 10_000)) return true;
  return typeof narrow === typeof wide && toAmount(narrow) <= toAmount(wide);
}

function toAmount(budget: FailureBudget): number {
  return typeof budget === "number" ? budget : toHundredths(budget);
}

/** A whole number between two bounds, both allowed. */
export function wholeNumber(least: number, most: number) {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z.number({ error: expected }).int(expected).min(least, expected).max(most, expected);
}

/** A number of a unit between two bounds, both allowed. */
export function amount(unit: string, least: number, most: number) {
  const expected = `expected ${unit}, from ${least} to ${most}`;
  return z.number({ error: expected }).min(least, expected).max(most, expected);
}

export const Rate = amount("requests a second", 0.1, 100_000).describe("most requests a second to Evo Voice");

export const Concurrency = wholeNumber(1, 500).describe("most requests in flight at once");

export const MaxCustomers = wholeNumber(1, 1_000_000_000);

/** The limits that an event can narrow. */
export const EventLimits = strictObject({
  requestsPerSecond: Rate.optional(),
  concurrency: Concurrency.optional(),
  failureBudget: FailureBudget.optional().describe(
    "how many customers may fail before the rollout stops: a number, or a share of the planned customers",
  ),
  maxCustomers: MaxCustomers.optional().describe(
    "the most customers that the rollout may flip; a larger rollout is refused",
  ),
});
export type EventLimits = z.output<typeof EventLimits>;
