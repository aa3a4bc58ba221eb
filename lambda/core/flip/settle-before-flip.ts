import { type CustomerFacts, type Judgement, UnclearFamilyError } from "../lookup/selection.ts";
import type { PlannedCustomer } from "../plan/planned-customer.ts";
import type { Reason } from "../reasons.ts";
import type { Reading } from "./flip-result.ts";
import { type Outcome, type OutcomeKind, toOutcome } from "./outcome.ts";

/** What is known of a planned customer right before its flip. */
export interface Situation {
  readonly planned: PlannedCustomer;
  /** Read afresh. */
  readonly fresh: Reading;
  readonly wantedFlag: boolean;
  /** Whether an earlier run of this batch had recorded that it would flip this customer. */
  readonly intended: boolean;
  readonly judge: (customer: CustomerFacts) => Judgement;
}

/** Decides from a fresh reading: the outcome that needs no flip, or undefined when the customer is to be flipped now. */
export function settleBeforeFlip({ planned, fresh, wantedFlag, intended, judge }: Situation): Outcome | undefined {
  const settle = (outcome: OutcomeKind, reason: Reason) => toOutcome(planned, outcome, reason);
  const fail = (why: Reason) => settle("failed", intended ? { code: "may-be-flipped", why } : why);
  // A customer that does not exist is on no server, whatever an earlier request did.
  if (fresh.reading === "missing") return settle("failed", { code: "customer-gone" });
  if (fresh.reading === "unreadable") return fail(fresh.reason);
  const { isStaging } = fresh.customer;
  if (isStaging === undefined) return fail({ code: "flag-unknown" });
  if (isStaging === wantedFlag) {
    return intended
      ? settle("flipped", { code: "confirmed-after-restart" })
      : settle("unchanged", { code: "moved-since-plan" });
  }
  const judgement = judgeAfresh(judge, fresh.customer);
  switch (judgement.verdict) {
    case "candidate":
      return undefined;
    case "skipped":
      return settle("skipped", judgement.reason);
    case "not selected":
      return settle("skipped", { code: "deselected-since-plan" });
    case "unclear":
      return fail(judgement.why);
  }
}

/** A lookup ends with a customer that cannot be judged; once there is a plan, it is this customer's failure alone. */
export function judgeAfresh(
  judge: Situation["judge"],
  customer: CustomerFacts,
): Judgement | { readonly verdict: "unclear"; readonly why: Reason } {
  try {
    return judge(customer);
  } catch (error) {
    if (error instanceof UnclearFamilyError) return { verdict: "unclear", why: error.reason };
    throw error;
  }
}
