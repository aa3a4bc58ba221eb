import { findTooLarge } from "../../contract/blast-radius.ts";
import type { DeployEvent } from "../../contract/deploy-event.ts";
import { toHundredths } from "../../contract/limits.ts";
import type { Policy } from "../../contract/policy.ts";

/** The policy's rails, each already as narrow as the event asks for. */
export type GuardRails = Pick<Policy, "maxCustomers" | "maxShare" | "largePromote">;

export interface PlannedSize {
  readonly action: DeployEvent["action"];
  /** How many customers are to be flipped. */
  readonly flip: number;
  /** How many customers the policy's accounts have; undefined when they were not counted. */
  readonly scope?: number | undefined;
}

/** What a plan breaks of the policy's guard rails, all of it, each with what would be allowed. */
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

/** A share that cannot be computed is not allowed: the size of the scope is never guessed. */
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
