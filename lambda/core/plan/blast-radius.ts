import { findTooLarge } from "../../contract/blast-radius.ts";
import type { DeployEvent } from "../../contract/deploy-event.ts";
import { toHundredths } from "../../contract/limits.ts";
import type { Policy } from "../../contract/policy.ts";

/** The policy's guard rails, narrowed by the event's own limits. */
export type GuardRails = Pick<Policy, "maxCustomers" | "maxShare" | "largePromote">;

export interface PlannedSize {
  readonly action: DeployEvent["action"];
  /** How many customers are to be flipped. */
  readonly flip: number;
  /** How many customers the policy's accounts have; undefined when it is not known. */
  readonly scope?: number | undefined;
}

/** Finds every guard rail of the policy that a plan breaks, each with what would be allowed. */
export function findBreaches(
  waves: readonly { readonly customers: number; readonly bakeSeconds: number }[],
  { action, flip, scope }: PlannedSize,
  { maxCustomers, maxShare, largePromote }: GuardRails,
): readonly string[] {
  const first = waves.find(({ customers }) => customers > 0);
  const plan = `the plan flips ${flip} customers`;
  return [
    ...(maxCustomers !== undefined && flip > maxCustomers ? [`${plan}; at most ${maxCustomers} are allowed`] : []),
    ...(maxShare !== undefined ? findTooWide(maxShare, flip, scope) : []),
    ...(largePromote !== undefined && action === "promote" && first !== undefined
      ? findTooLarge(largePromote, { planned: flip, ...first }).map(
          (expected) =>
            `${plan}, its first wave ${first.customers}, with a bake of ${first.bakeSeconds} s; the policy expects ${expected}`,
        )
      : []),
  ];
}

/** A share of a scope whose size is not known is not allowed. */
function findTooWide(maxShare: string, flip: number, scope: number | undefined): readonly string[] {
  if (flip === 0) return [];
  if (scope === undefined) {
    return [`the plan flips ${flip} customers; ${maxShare} of the scope are allowed, and its size is not known`];
  }
  const allowed = Math.floor((scope * toHundredths(maxShare)) / 10_000);
  if (flip <= allowed) return [];
  return [
    `the plan flips ${flip} of the scope's ${scope} customers; at most ${maxShare} of them are allowed: ${allowed}`,
  ];
}
