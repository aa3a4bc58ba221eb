import { BadDeployEventError, type DeployEvent, parseDeployEvent } from "./deploy-event.ts";
import { type FailureBudget, isNarrowerBudget, type Limits } from "./limits.ts";
import type { Policy } from "./policy.ts";
import type { Problem } from "./problems.ts";

/** A deploy event that this policy allows. @throws BadDeployEventError with all problems at once */
export function acceptDeployEvent(input: unknown, policy: Policy): DeployEvent {
  const event = parseDeployEvent(input);
  const problems = [...findUnknownCohorts(event, policy), ...findWiderLimits(event.limits ?? {}, policy)];
  if (problems.length > 0) throw new BadDeployEventError(problems);
  return event;
}

/** The limits in force: the policy's, narrowed by the event. */
export interface LimitsInForce {
  readonly startPerSecond: number;
  readonly maxPerSecond: number;
  readonly concurrency: number;
  readonly failureBudget: FailureBudget;
}

export function toLimits(event: Pick<DeployEvent, "limits">, policy: Policy): LimitsInForce {
  const maxPerSecond = event.limits?.requestsPerSecond ?? policy.requestsPerSecond;
  return {
    startPerSecond: Math.min(policy.startRequestsPerSecond, maxPerSecond),
    maxPerSecond,
    concurrency: event.limits?.concurrency ?? policy.concurrency,
    failureBudget: event.limits?.failureBudget ?? policy.failureBudget,
  };
}

function findUnknownCohorts(event: DeployEvent, policy: Policy): readonly Problem[] {
  const known = Object.keys(policy.cohorts).join(", ") || "none";
  return (["targets", "exclude"] as const).flatMap((member) =>
    (event[member] ?? []).flatMap((target, index) =>
      "cohort" in target && !Object.hasOwn(policy.cohorts, target.cohort)
        ? {
            path: `${member}[${index}].cohort`,
            message: `got "${target.cohort}"; expected a cohort of the policy, which has ${known}`,
          }
        : [],
    ),
  );
}

function findWiderLimits(limits: Limits, policy: Policy): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (member: keyof Limits, allowed: unknown) =>
    problems.push({
      path: `limits.${member}`,
      message: `got ${JSON.stringify(limits[member])}; expected no more than the policy's ${JSON.stringify(allowed)}: an event narrows the policy, never widens it`,
    });
  if ((limits.requestsPerSecond ?? 0) > policy.requestsPerSecond) report("requestsPerSecond", policy.requestsPerSecond);
  if ((limits.concurrency ?? 0) > policy.concurrency) report("concurrency", policy.concurrency);
  if (limits.failureBudget !== undefined && !isNarrowerBudget(limits.failureBudget, policy.failureBudget)) {
    report("failureBudget", policy.failureBudget);
  }
  return problems;
}
