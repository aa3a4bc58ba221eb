import { judgeAfresh } from "./flip.ts";
import { MAY_MOVE, NOT_SELECTED, toHeldBack } from "./held-back.ts";
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
 * Who of the asked is above each descendant: by its breadcrumb, or from parent to parent. A descendant that shows no way up
 * to any of them may belong to each: nobody is guessed. One that was asked about itself is below another of them, who
 * need not be listed. But where all who were asked about are listed as well, the server ignores the filter, and whoever
 * shows a whole way up that leads past them is below none of them.
 */
export function findAbove(customers: readonly CustomerFacts[], askedIds: ReadonlySet<string>): readonly Descendant[] {
  const byId = new Map(customers.map((customer) => [customer.id, customer]));
  const unlisted = [...askedIds].filter((id) => !byId.has(id));
  return customers.flatMap((customer): Descendant | [] => {
    const { ids, isWhole } = climb(customer, byId);
    const above = ids.filter((id) => askedIds.has(id));
    if (above.length > 0) return { customer, aboveIds: above };
    if (unlisted.length === 0 && isWhole) return [];
    const candidates = askedIds.has(customer.id) ? unlisted : [...askedIds];
    return candidates.length === 0 ? [] : { customer, aboveIds: candidates };
  });
}

interface Climb {
  readonly ids: readonly string[];
  /** Whether nobody else can be above. */
  readonly isWhole: boolean;
}

/** Parents that go round in a circle end. */
function climb(customer: CustomerFacts, byId: ReadonlyMap<string, CustomerFacts>): Climb {
  const seen = new Set<string>();
  const open = [customer];
  let isWhole = true;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const id of parentsOf(next)) {
      if (id === customer.id || seen.has(id)) continue;
      seen.add(id);
      const parent = byId.get(id);
      if (parent !== undefined) open.push(parent);
      else isWhole &&= showsAll(next);
    }
  }
  return { ids: [...seen], isWhole };
}

/** A breadcrumb without the parent is no whole one. */
export function showsAll({ parentCustomerId = "", ancestorIds = [] }: CustomerFacts): boolean {
  return ancestorIds.includes(parentCustomerId);
}

/** Parent and breadcrumb, as far as they are shown. */
export function parentsOf({ id, parentCustomerId, ancestorIds = [] }: CustomerFacts): string[] {
  const ids = parentCustomerId === undefined ? ancestorIds : [parentCustomerId, ...ancestorIds];
  return ids.filter((one) => one !== id);
}

/** Whoever would be moved along if a customer above were flipped to this flag: all that are not there already. */
export function findMoved(descendants: readonly Descendant[], flag: boolean): readonly Descendant[] {
  return descendants.filter(({ customer }) => customer.isStaging !== flag);
}

/** Somebody who must not be moved along, and why. */
export interface Stayer {
  readonly id: string;
  readonly why: string;
}

/** Who must not be flipped because somebody would be moved along who must stay, each with the first of those. */
export function findHeldParents(
  moved: readonly Descendant[],
  whyItStays: (customer: CustomerFacts) => string | undefined,
): ReadonlyMap<string, Stayer> {
  const held = new Map<string, Stayer>();
  for (const { customer, aboveIds } of moved) {
    const why = whyItStays(customer);
    if (why === undefined) continue;
    for (const id of aboveIds) if (!held.has(id)) held.set(id, { id: customer.id, why });
  }
  return held;
}

export interface FlipKin {
  readonly judge: (customer: CustomerFacts) => Judgement;
}

/** Who must not be flipped because somebody would be moved along who must stay, each with the reason. */
export function findKeptParents(moved: readonly Descendant[], { judge }: FlipKin): ReadonlyMap<string, string> {
  const held = findHeldParents(moved, (customer) => {
    const judgement = judgeAfresh(judge, customer);
    switch (judgement.verdict) {
      case "skipped":
        return judgement.reason;
      case "not selected":
        return NOT_SELECTED;
      case "unclear":
        return "not known to be selected by the event";
      case "candidate":
        return undefined;
    }
  });
  return new Map([...held].map(([id, stayer]) => [id, toHeldBack(stayer.id, stayer.why).skipped]));
}

/** For each who has somebody below who would be moved along, all of those: they have to be there before it. */
export function findCompany(moved: readonly Descendant[]): ReadonlyMap<string, readonly string[]> {
  const company = new Map<string, string[]>();
  for (const { customer, aboveIds } of moved) {
    for (const id of aboveIds) {
      const known = company.get(id) ?? [];
      company.set(id, known);
      known.push(customer.id);
    }
  }
  return company;
}

/** Its own flip failed, or was not come to; or the plan does not hold it, because it was created or moved there since. */
export function toNotThereYet(descendantId: string): string {
  return `${MAY_MOVE}${descendantId}, which was not flipped before it, along with it`;
}

export interface RevertKin {
  readonly judge: (customer: CustomerFacts) => Judgement;
  /** Whether the rollout that is turned back flipped this customer, or was about to: it is to go back as well. */
  isOurs(customerId: string): boolean;
}

/** Who must not be flipped back because somebody would be moved along who must stay, each with why and what to do. */
export function findLeftParents(
  moved: readonly Descendant[],
  { judge, isOurs }: RevertKin,
): ReadonlyMap<string, string> {
  const held = findHeldParents(moved, (customer) => {
    const judgement = judge(customer);
    if (judgement.verdict === "skipped") return `is ${judgement.reason}`;
    return isOurs(customer.id) ? undefined : "the rollout did not move";
  });
  return new Map([...held].map(([id, stayer]) => [id, toReason(stayer)]));
}

function toReason({ id, why }: Stayer): string {
  return `${MAY_MOVE}${id}, which ${why}, along with it: set its flag by hand and look at the descendant, or send the rollback again once the policy's childrenFollow is false`;
}
