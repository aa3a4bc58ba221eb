import { BadDeployEventError, type DeployEvent, readDeployEvent } from "./deploy-event.ts";
import { listShortly } from "./describe.ts";
import { EventLimits, type FailureBudget, isNarrowerBudget } from "./limits.ts";
import { memberOf } from "./member-of.ts";
import type { Policy } from "./policy.ts";
import { describeAt, type Problem, toPath } from "./problems.ts";
import { findUnknownStrategies } from "./strategy.ts";
import { CohortName } from "./target.ts";

const NARROWS = "an event narrows the policy, never widens it";

/** A deploy event that this policy allows. @throws BadDeployEventError with all problems at once */
export function acceptDeployEvent(input: unknown, policy: Policy): DeployEvent {
  const { event, problems } = readDeployEvent(input);
  const all = [
    ...problems,
    ...findUnknownCohorts(input, policy),
    ...findUnknownStrategies(memberOf(input, "strategy"), policy, ["strategy"]),
    ...findWiderLimits(input, policy),
  ];
  if (event === undefined || all.length > 0) throw new BadDeployEventError(all);
  return event;
}

/** The limits in force: the policy's, narrowed by the event. */
export interface LimitsInForce {
  readonly startPerSecond: number;
  readonly maxPerSecond: number;
  readonly concurrency: number;
  readonly failureBudget: FailureBudget;
  /** Undefined when neither limits how many customers a rollout may flip. */
  readonly maxCustomers?: number | undefined;
}

/** A retry brings the limits of an earlier event, which an earlier policy allowed. A narrower policy of today counts. */
export function toLimits({ limits = {} }: Pick<DeployEvent, "limits">, policy: Policy): LimitsInForce {
  const maxPerSecond = least(limits.requestsPerSecond, policy.requestsPerSecond);
  const { failureBudget: asked } = limits;
  const maxCustomers = least(limits.maxCustomers, policy.maxCustomers ?? Number.POSITIVE_INFINITY);
  return {
    startPerSecond: Math.min(policy.startRequestsPerSecond, maxPerSecond),
    maxPerSecond,
    concurrency: least(limits.concurrency, policy.concurrency),
    failureBudget: asked !== undefined && isNarrowerBudget(asked, policy.failureBudget) ? asked : policy.failureBudget,
    maxCustomers: Number.isFinite(maxCustomers) ? maxCustomers : undefined,
  };
}

function least(asked: number | undefined, allowed: number): number {
  return Math.min(asked ?? allowed, allowed);
}

/** Looks at each raw target, so that a cohort is checked beside all other problems. */
function findUnknownCohorts(input: unknown, { cohorts }: Policy): readonly Problem[] {
  const known = listShortly(Object.keys(cohorts), 20) || "none";
  return (["targets", "exclude"] as const).flatMap((member) => {
    const targets = memberOf(input, member);
    const cohortsByPath = Array.isArray(targets)
      ? targets.map((target, index) => ({ path: [member, index, "cohort"], cohort: memberOf(target, "cohort") }))
      : [{ path: [member, "cohort"], cohort: memberOf(targets, "cohort") }];
    return cohortsByPath.flatMap(({ path, cohort }) => {
      const name = CohortName.safeParse(cohort);
      if (!name.success || Object.hasOwn(cohorts, name.data)) return [];
      const message = `got "${name.data}"; expected a cohort of the policy, which has ${known}`;
      return { path: toPath(path), message };
    });
  });
}

/** Looks at each raw limit. */
function findWiderLimits(input: unknown, policy: Policy): readonly Problem[] {
  const read = <Member extends keyof EventLimits>(member: Member): EventLimits[Member] => {
    const parsed = EventLimits.shape[member].safeParse(memberOf(memberOf(input, "limits"), member));
    return parsed.success ? (parsed.data as EventLimits[Member]) : undefined;
  };
  const refuse = (member: keyof EventLimits, expected: string): Problem => ({
    path: `limits.${member}`,
    message: `got ${describeAt(input, ["limits", member])}; expected ${expected}: ${NARROWS}`,
  });
  const most = (member: "requestsPerSecond" | "concurrency" | "maxCustomers") => {
    const limit = policy[member] ?? Number.POSITIVE_INFINITY;
    return (read(member) ?? 0) > limit ? [refuse(member, `at most the policy's ${limit}`)] : [];
  };
  const budget = read("failureBudget");
  const isWider = budget !== undefined && !isNarrowerBudget(budget, policy.failureBudget);
  return [
    ...most("requestsPerSecond"),
    ...most("concurrency"),
    ...most("maxCustomers"),
    ...(isWider ? [refuse("failureBudget", describeBudget(policy.failureBudget))] : []),
  ];
}

/** An event counts failures as the policy does: before the plan, 5 and "1%" cannot be compared. */
function describeBudget(budget: FailureBudget): string {
  return typeof budget === "number"
    ? `a number of at most the policy's ${budget}`
    : `a share of at most the policy's "${budget}", or 0`;
}
