import { type Outcome, toOutcome } from "../flip/outcome.ts";
import type { CustomerFacts, Judgement } from "../lookup/selection.ts";
import type { PlannedCustomer } from "../plan/planned-customer.ts";

/** By customer: whether it should have the wanted flag. A customer without an entry is in no plan. */
export type Expected = ReadonlyMap<string, boolean>;

export interface EndOfRollout {
  readonly expected: Expected;
  readonly wantedFlag: boolean;
  readonly judge: (customer: CustomerFacts) => Judgement;
}

/** Makes the function that selects, at the end of a rollout, only customers that are not as planned. */
export function createEndJudge({ expected, wantedFlag, judge }: EndOfRollout): EndOfRollout["judge"] {
  return (customer) => {
    if (customer.isStaging === wantedFlag) return AS_PLANNED;
    switch (expected.get(customer.id)) {
      case undefined:
        return judge(customer);
      case true:
        return customer.isStaging === undefined ? AS_PLANNED : { verdict: "candidate" };
      case false:
        return AS_PLANNED;
    }
  };
}

const AS_PLANNED: Judgement = { verdict: "not selected" };

/** Whether the ledger says that the customer has the wanted flag. */
export function isSettled({ outcome }: Pick<Outcome, "outcome">): boolean {
  return outcome === "flipped" || outcome === "unchanged";
}

/** The outcome of a customer that had the wanted flag, and that shows the other flag at the end. */
export function toChangedSince(outcome: Outcome, wantedFlag: boolean): Outcome {
  return { ...outcome, outcome: "failed", reason: { code: "changed-since", isStaging: !wantedFlag } };
}

/** The outcome of a customer that matches the targets, and that the lookup did not show. */
export function toAppeared(customer: PlannedCustomer): Outcome {
  return toOutcome(customer, "deferred", { code: "appeared" });
}
