import type { OnFailure } from "../../contract/deploy-event.ts";
import { type FailureBudget, toHundredths } from "../../contract/limits.ts";
import { type Stop, toStop } from "./decision.ts";

export interface FailureRules {
  readonly onFailure: OnFailure;
  /** Of the rollout, and of its wave; absent in a rollback, which no number of failures stops. */
  readonly failures?: readonly FailureLimit[] | undefined;
}

export interface FailureLimit {
  /** This number of failures passes, and one more stops the rollout. */
  readonly allowed: number;
  readonly planned: number;
  /** The number of the wave that is limited; absent for the limit of the rollout. */
  readonly wave?: number | undefined;
  /** How many customers of earlier waves failed: they do not count in the wave. */
  readonly failedBefore?: number | undefined;
}

/** Why failures stop a rollout. */
export function findBudgetStop(
  { failed }: { readonly failed: number },
  { failures = [], onFailure }: FailureRules,
): Stop | undefined {
  const exceeded = failures.find(({ allowed, failedBefore = 0 }) => failed - failedBefore > allowed);
  if (exceeded === undefined) return undefined;
  const { failedBefore = 0, ...limit } = exceeded;
  return toStop(onFailure, "budget", [{ code: "failure-budget", failed: failed - failedBefore, ...limit }]);
}

/**
 * The limit of a wave: the budget's share of its customers. A wave whose customers all failed never passes, because the
 * customers of the next wave would fail as well; only a budget of "100%" lets it pass.
 */
export function toWaveLimit(
  wave: Required<Omit<FailureLimit, "allowed">>,
  budget: FailureBudget,
  smallestSample: number,
): FailureLimit {
  const { planned } = wave;
  const letsAllFail = typeof budget === "string" && toHundredths(budget) === 10_000;
  const allowed = Math.min(allowedFailures(budget, planned, smallestSample), letsAllFail ? planned : planned - 1);
  return { ...wave, allowed };
}

/**
 * How many of the planned customers may fail. A share is taken of the planned customers, or of the smallest sample if that
 * is more, so that one failure of two is not 50 %. The share is rounded down, in whole hundredths of a percent.
 */
export function allowedFailures(budget: FailureBudget, planned: number, smallestSample: number): number {
  if (typeof budget === "number") return budget;
  return Math.floor((Math.max(planned, smallestSample) * toHundredths(budget)) / 10_000);
}
