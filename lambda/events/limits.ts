import { z } from "zod";
import { strictObject } from "./problems.ts";

const BUDGET = 'expected a whole number of customers such as 10, or a share of those planned such as "1%" or "0.5%"';

/** How many customers may fail before a rollout stops: a number of customers, or a share of those planned. */
export const FailureBudget = z.union(
  [
    z.number({ error: BUDGET }).int(BUDGET).min(0, BUDGET),
    z.string({ error: BUDGET }).regex(/^(?:100|\d{1,2}(?:\.\d{1,2})?)%$/, BUDGET),
  ],
  { error: BUDGET },
);
export type FailureBudget = z.output<typeof FailureBudget>;

/** Whether `narrow` never allows more failures than `wide`, however many customers are planned. */
export function isNarrowerBudget(narrow: FailureBudget, wide: FailureBudget): boolean {
  if (narrow === 0) return true;
  if (typeof narrow !== typeof wide) return false;
  return Number.parseFloat(String(narrow)) <= Number.parseFloat(String(wide));
}

const perSecond = z
  .number({ error: "expected requests a second, 0.1 to 10000" })
  .min(0.1, "expected at least 0.1 requests a second")
  .max(10_000, "expected at most 10000 requests a second");

const inFlight = z
  .number({ error: "expected a whole number from 1 to 500" })
  .int("expected a whole number from 1 to 500")
  .min(1, "expected at least 1")
  .max(500, "expected at most 500");

export const Rate = perSecond.describe("most requests a second to Evo Voice");
export const Concurrency = inFlight.describe("most requests in flight at once");

/** Limits that an event can narrow. */
export const Limits = strictObject({
  requestsPerSecond: Rate.optional(),
  concurrency: Concurrency.optional(),
  failureBudget: FailureBudget.optional().describe(
    "how many customers may fail before the rollout stops: a number, or a share of those planned",
  ),
});
export type Limits = z.output<typeof Limits>;
