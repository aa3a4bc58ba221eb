import { type FailureBudget, toHundredths } from "../events/limits.ts";

/**
 * How many of the planned customers may fail before the rollout stops: so many pass, one more stops it.
 * A share is taken of the customers planned, rounded down, in whole hundredths of a percent.
 */
export function allowedFailures(budget: FailureBudget, planned: number): number {
  if (typeof budget === "number") return budget;
  return Math.floor((planned * toHundredths(budget)) / 10_000);
}
