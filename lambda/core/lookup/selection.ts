import type { FlipEvent } from "../../contract/deploy-event.ts";
import type { Policy } from "../../contract/policy.ts";
import { toWaves } from "../../contract/strategy.ts";
import type { PlainTarget, Target } from "../../contract/target.ts";
import { FinalError } from "../final-error.ts";
import type { Reason } from "../reasons.ts";

/** What a lookup knows of a customer: the facts that decide whether it may be flipped. */
export interface CustomerFacts {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  /** Undefined when Evo Voice did not say. */
  readonly isStaging: boolean | undefined;
  readonly referenceId?: string | undefined;
  readonly parentCustomerId?: string | undefined;
  /** Ids of all ancestors; undefined when Evo Voice did not say. */
  readonly ancestorIds?: readonly string[] | undefined;
  readonly tags: readonly string[];
}

/** Which customers an event selects under a policy, with cohorts replaced by their targets: plain data. */
export interface Selection {
  readonly accountIds: readonly string[];
  readonly targets: readonly PlainTarget[];
  readonly exclude: readonly PlainTarget[];
  /** Customers that the event's own targets name one by one. */
  readonly named: { readonly customerIds: readonly string[]; readonly referenceIds: readonly string[] };
  /** The strategy's waves of a cohort, in their order. */
  readonly cohortWaves: readonly CohortWave[];
  readonly guarded: {
    readonly customerIds: readonly string[];
    readonly referenceIds: readonly string[];
    readonly tags: readonly string[];
  };
}

export interface CohortWave {
  /** Counted from 1. */
  readonly wave: number;
  readonly targets: readonly PlainTarget[];
}

export type Judgement =
  | { readonly verdict: "candidate" }
  | { readonly verdict: "skipped"; readonly reason: Reason }
  | { readonly verdict: "not selected" };

/** Evo Voice shows too little of a customer's family to tell whether a target selects it. */
export class UnclearFamilyError extends FinalError {
  override readonly name = "UnclearFamilyError";
  readonly reason: Reason;

  constructor(customerId: string, ancestorId: string) {
    const reason: Reason = { code: "unclear-family", customerId, ancestorId };
    super(reason);
    this.reason = reason;
  }
}

/** Joins event and policy. */
export function toSelection(event: Pick<FlipEvent, "targets" | "exclude" | "strategy">, policy: Policy): Selection {
  return {
    accountIds: policy.accountIds,
    targets: resolveCohorts(event.targets, policy),
    exclude: resolveCohorts(event.exclude ?? [], policy),
    named: {
      customerIds: event.targets.flatMap((target) => ("customerIds" in target ? target.customerIds : [])),
      referenceIds: event.targets.flatMap((target) => ("referenceIds" in target ? target.referenceIds : [])),
    },
    // Only a written strategy has cohorts, and it does not depend on the number of customers, which is not known yet.
    cohortWaves: toWaves(event, policy, 0).flatMap(({ size }, index) =>
      size.kind === "cohort" ? [{ wave: index + 1, targets: resolveCohort(size.cohort, policy) }] : [],
    ),
    guarded: policy.protected,
  };
}

/**
 * Makes the function that decides about one customer; a thousand named ids become one set.
 * @throws UnclearFamilyError
 */
export function createJudge(selection: Selection): (customer: CustomerFacts) => Judgement {
  const selects = anyOf(selection.targets);
  const excludes = anyOf(selection.exclude);
  const inScope = new Set(selection.accountIds);
  const protects = createGuard(selection.guarded);
  const skip = (reason: Reason): Judgement => ({ verdict: "skipped", reason });

  return (customer) => {
    if (!selects(customer)) return { verdict: "not selected" };
    if (!inScope.has(customer.accountId)) return skip({ code: "outside-accounts" });
    const guard = protects(customer);
    if (guard !== undefined) return skip(guard);
    return excludes(customer) ? skip({ code: "excluded" }) : { verdict: "candidate" };
  };
}

/**
 * Makes the function that finds the first wave, counted from 1, whose cohort selects a customer.
 * @throws UnclearFamilyError
 */
export function createCohortFinder({ cohortWaves }: Selection): (customer: CustomerFacts) => number | undefined {
  const cohorts = cohortWaves.map(({ wave, targets }) => ({ wave, selects: anyOf(targets) }));
  return (customer) => cohorts.find(({ selects }) => selects(customer))?.wave;
}

function resolveCohorts(targets: readonly Target[], policy: Policy): readonly PlainTarget[] {
  return targets.flatMap((target) => ("cohort" in target ? resolveCohort(target.cohort, policy) : [target]));
}

function resolveCohort(name: string, { cohorts }: Policy): readonly PlainTarget[] {
  const targets = Object.hasOwn(cohorts, name) ? cohorts[name] : undefined;
  if (targets === undefined) throw new FinalError({ code: "unknown-cohort", cohort: name });
  return targets;
}

function createGuard(guarded: Selection["guarded"]): (customer: CustomerFacts) => Reason | undefined {
  const ids = new Set(guarded.customerIds);
  const references = new Set(guarded.referenceIds);
  const tags = new Set(guarded.tags);
  return (customer) => {
    if (ids.has(customer.id)) return { code: "protected-by-policy", by: "id" };
    if (customer.referenceId !== undefined && references.has(customer.referenceId))
      return { code: "protected-by-policy", by: "reference id" };
    const tag = customer.tags.find((name) => tags.has(name));
    return tag === undefined ? undefined : { code: "protected-by-policy", by: "tag", tag };
  };
}

function anyOf(targets: readonly PlainTarget[]): (customer: CustomerFacts) => boolean {
  const matchers = targets.map(toMatcher);
  return (customer) => matchers.some((matches) => matches(customer));
}

function toMatcher(target: PlainTarget): (customer: CustomerFacts) => boolean {
  if ("customerIds" in target) {
    const ids = new Set(target.customerIds);
    return (customer) => ids.has(customer.id);
  }
  if ("referenceIds" in target) {
    const ids = new Set(target.referenceIds);
    return (customer) => customer.referenceId !== undefined && ids.has(customer.referenceId);
  }
  if ("tags" in target) {
    return (customer) =>
      target.match === "all"
        ? target.tags.every((tag) => customer.tags.includes(tag))
        : target.tags.some((tag) => customer.tags.includes(tag));
  }
  if ("parentCustomerId" in target) {
    return (customer) =>
      target.descendants
        ? isDescendant(customer, target.parentCustomerId)
        : customer.parentCustomerId === target.parentCustomerId;
  }
  return () => target.all;
}

function isDescendant(customer: CustomerFacts, ancestorId: string): boolean {
  if (customer.id === ancestorId || customer.parentCustomerId === undefined) return false;
  if (customer.parentCustomerId === ancestorId) return true;
  if (customer.ancestorIds?.includes(ancestorId)) return true;
  if (!customer.ancestorIds?.includes(customer.parentCustomerId)) {
    throw new UnclearFamilyError(customer.id, ancestorId);
  }
  return false;
}
