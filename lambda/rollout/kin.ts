import type { CustomerFacts, Judgement } from "./selection.ts";

/** Whoever is below some customers; `unknown` when that could not be read. */
export type DescendantList =
  | { readonly list: "whole"; readonly customers: readonly CustomerFacts[] }
  | { readonly list: "unknown"; readonly reason: string };

/** Somebody whom Evo Voice may move along, and who of those that are asked about is above. */
export interface Descendant {
  readonly customer: CustomerFacts;
  readonly aboveIds: readonly string[];
}

/**
 * Who of the asked is above each descendant: by its breadcrumb, or from parent to parent. A descendant that shows no way
 * up to any of them may belong to each: nobody is guessed.
 */
export function findAbove(customers: readonly CustomerFacts[], askedIds: ReadonlySet<string>): readonly Descendant[] {
  const byId = new Map(customers.map((customer) => [customer.id, customer]));
  return customers.flatMap((customer): Descendant | [] => {
    const above = climb(customer, byId).filter((id) => askedIds.has(id));
    if (above.length > 0) return { customer, aboveIds: above };
    // Some servers list those who were asked about as well.
    return askedIds.has(customer.id) ? [] : { customer, aboveIds: [...askedIds] };
  });
}

/** Parents that go round in a circle end. */
function climb(customer: CustomerFacts, byId: ReadonlyMap<string, CustomerFacts>): readonly string[] {
  const seen = new Set<string>();
  const open = parentsOf(customer);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === customer.id || seen.has(next)) continue;
    seen.add(next);
    const parent = byId.get(next);
    if (parent !== undefined) open.push(...parentsOf(parent));
  }
  return [...seen];
}

/** Parent and breadcrumb, as far as they are shown. */
export function parentsOf({ id, parentCustomerId, ancestorIds = [] }: CustomerFacts): string[] {
  const ids = parentCustomerId === undefined ? ancestorIds : [parentCustomerId, ...ancestorIds];
  return ids.filter((one) => one !== id);
}

export interface RevertKin {
  /** The flag that the rollout set, and that is to be turned back. */
  readonly flag: boolean;
  readonly judge: (customer: CustomerFacts) => Judgement;
  /** Whether the rollout that is turned back flipped this customer, or was about to: it is to go back as well. */
  isOurs(customerId: string): boolean;
}

/** Whoever would be moved along if a customer above were flipped back: all that are not there already. */
export function findMoved(
  descendants: readonly Descendant[],
  { flag }: Pick<RevertKin, "flag">,
): readonly Descendant[] {
  return descendants.filter(({ customer }) => customer.isStaging !== !flag);
}

/** Who must not be flipped back because somebody would be moved along who must stay, each with why and what to do. */
export function findHeldParents(moved: readonly Descendant[], kin: RevertKin): ReadonlyMap<string, string> {
  const held = new Map<string, string>();
  for (const { customer, aboveIds } of moved) {
    const why = whyItStays(customer, kin);
    if (why === undefined) continue;
    for (const id of aboveIds) if (!held.has(id)) held.set(id, toReason(customer.id, why));
  }
  return held;
}

function whyItStays(customer: CustomerFacts, { judge, isOurs }: RevertKin): string | undefined {
  const judgement = judge(customer);
  if (judgement.verdict === "skipped") return `is ${judgement.reason}`;
  return isOurs(customer.id) ? undefined : "the rollout did not move";
}

/** How the reasons begin of those whom trying again does not help. */
export const HELD_BY_KIN = "Evo Voice may move its descendant ";

function toReason(descendantId: string, why: string): string {
  return `${HELD_BY_KIN}${descendantId}, which ${why}, along with it: set its flag by hand and look at the descendant, or send the rollback again once the policy's childrenFollow is false`;
}
