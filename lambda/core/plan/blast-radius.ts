import { findTooLarge } from "../../contract/blast-radius.ts";
import type { DeployEvent } from "../../contract/deploy-event.ts";
import { toHundredths } from "../../contract/limits.ts";
import type { Policy } from "../../contract/policy.ts";
import type { Reason } from "../reasons.ts";

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
): readonly Reason[] {
  const first = waves.find(({ customers }) => customers > 0);
  return [
    ...(maxCustomers !== undefined && flip > maxCustomers
      ? [{ code: "blast-radius", rule: "maxCustomers", flip, allowed: maxCustomers } as const]
      : []),
    ...(maxShare !== undefined ? findTooWide(maxShare, flip, scope) : []),
    ...(largePromote !== undefined && action === "promote" && first !== undefined
      ? findTooFast(largePromote, flip, first)
      : []),
  ];
}

function findTooFast(
  largePromote: NonNullable<GuardRails["largePromote"]>,
  flip: number,
  first: { readonly customers: number; readonly bakeSeconds: number },
): readonly Reason[] {
  const expected = findTooLarge(largePromote, { planned: flip, ...first }).join(" and ");
  const { customers: firstWave, bakeSeconds } = first;
  return expected === ""
    ? []
    : [{ code: "blast-radius", rule: "largePromote", flip, firstWave, bakeSeconds, expected }];
}

/** A share of a scope whose size is not known is not allowed. */
function findTooWide(maxShare: string, flip: number, scope: number | undefined): readonly Reason[] {
  if (flip === 0) return [];
  const breach = { code: "blast-radius", rule: "maxShare", flip, share: maxShare } as const;
  if (scope === undefined) return [breach];
  const allowed = Math.floor((scope * toHundredths(maxShare)) / 10_000);
  return flip <= allowed ? [] : [{ ...breach, scope, allowed }];
}
