import { type FailureBudget, toHundredths } from "../../contract/limits.ts";

/**
 * How many of the planned customers may fail before the rollout stops: so many pass, one more stops it.
 * A share is taken of the customers planned, or of the smallest sample if they are fewer, so that one failure of two is
 * not 50 %; it is rounded down, in whole hundredths of a percent.
 */
export function allowedFailures(budget: FailureBudget, planned: number, smallestSample: number): number {
  if (typeof budget === "number") return budget;
  return Math.floor((Math.max(planned, smallestSample) * toHundredths(budget)) / 10_000);
}
