import { type CustomerFacts, type Judgement, UnclearFamilyError } from "../lookup/selection.ts";
import type { PlannedCustomer } from "../plan/planned-customer.ts";
import type { Reason } from "../reasons.ts";
import type { Outcome, OutcomeKind } from "./outcome.ts";

/** Setting one customer's flag. */
export interface Flip {
  readonly customerId: string;
  readonly isStaging: boolean;
}

/**
 * The result of a flip. `not begun`: no request was sent that could have set the flag. `unresolved`: a request was sent,
 * and the time ended before its effect was known.
 */
export type FlipResult =
  | { readonly result: "flipped"; readonly reason: Reason }
  /** The code of the reason says whether a request may have set the flag (`isInDoubt`). */
  | { readonly result: "failed"; readonly reason: Reason }
  | { readonly result: "not begun" }
  | { readonly result: "unresolved" };

/** The result of reading one customer. `missing`: Evo Voice says that there is no such customer. */
export type Reading =
  | { readonly reading: "found"; readonly customer: CustomerFacts }
  | { readonly reading: "missing" }
  | { readonly reading: "unreadable"; readonly reason: Reason };

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
  const settle = (outcome: OutcomeKind, reason: Reason): Outcome => ({
    customerId: planned.id,
    name: planned.name,
    outcome,
    reason,
  });
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
