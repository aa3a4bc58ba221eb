import { BadDeployEventError, type DeployEvent, readDeployEvent } from "./deploy-event.ts";
import { findUnknownNames } from "./find-unknown-names.ts";
import { EventLimits, type FailureBudget, isNarrowerBudget } from "./limits.ts";
import { memberOf, recordOf } from "./member-of.ts";
import type { Policy } from "./policy.ts";
import { type Contradiction, toProblem } from "./problems.ts";
import { parseOrRefuse } from "./refused-error.ts";
import { findApproval, type Strategy } from "./strategy.ts";
import { Via } from "./via.ts";

const NARROWS = "an event narrows the policy, never widens it";

/** A deploy event that this policy allows. @throws BadDeployEventError with all problems at once */
export function acceptDeployEvent(input: unknown, policy: Policy): DeployEvent {
  const { event, problems } = readDeployEvent(input);
  const forbidden = [
    ...findUnknownNames(input, policy),
    ...findWiderLimits(input, policy),
    ...findAvoidedApproval(event?.action === "rollback" ? undefined : event?.strategy, policy),
  ];
  const all = [...problems, ...forbidden.map((each) => toProblem(input, each))];
  if (event === undefined || all.length > 0) throw new BadDeployEventError(all);
  return event;
}

/** What a door starts the worker with: a deploy event, and how it came in. */
export interface Delivered {
  readonly event: DeployEvent;
  readonly via?: Via | undefined;
}

/** @throws RefusedError with all problems at once */
export function acceptDelivered(input: unknown, policy: Policy): Delivered {
  const given = memberOf(input, "via");
  if (given === undefined) return { event: acceptDeployEvent(input, policy) };
  const { via: _via, ...event } = Object(input);
  const via = parseOrRefuse(Via, given, "how the deploy event came in");
  return { event: acceptDeployEvent(event, policy), via };
}

/** The policy's limits, narrowed by the event. */
export interface LimitsInForce {
  readonly startPerSecond: number;
  readonly maxPerSecond: number;
  readonly concurrency: number;
  readonly failureBudget: FailureBudget;
  /** Undefined when neither the policy nor the event limits the number of customers. */
  readonly maxCustomers?: number | undefined;
}

/** A retry has the limits of an earlier event. When the policy is narrower now, the policy counts. */
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

/** Reads each raw limit, so that wider limits are reported beside all other problems. */
function findWiderLimits(input: unknown, policy: Policy): readonly Contradiction[] {
  const limits = recordOf(input, "limits");
  const { failureBudget, ...amounts } = EventLimits.shape;
  const wider = Object.entries(amounts).flatMap(([name, schema]) => {
    const most = policy[name as keyof typeof amounts] ?? Number.POSITIVE_INFINITY;
    const { data: asked = 0 } = schema.safeParse(limits[name]);
    return asked > most ? [{ name, expected: `at most the policy's ${most}` }] : [];
  });
  const { data: budget } = failureBudget.safeParse(limits.failureBudget);
  if (budget !== undefined && !isNarrowerBudget(budget, policy.failureBudget)) {
    wider.push({ name: "failureBudget", expected: describeBudget(policy.failureBudget) });
  }
  return wider.map(({ name, expected }) => ({ path: ["limits", name], expected: `expected ${expected}: ${NARROWS}` }));
}

/**
 * Where the policy's strategy asks for an approval, an event may choose another strategy of the policy that asks for one,
 * or ask for one before its first wave.
 */
function findAvoidedApproval(strategy: Strategy | undefined, policy: Policy): readonly Contradiction[] {
  if (strategy === undefined || findApproval(undefined, policy) === undefined) return [];
  const asks = typeof strategy === "string" ? findApproval(strategy, policy) : strategy.waves[0]?.approval;
  const expected = `expected a strategy of the policy with an approval, or an approval in the first wave, because the policy's strategy has one: ${NARROWS}`;
  return asks === undefined ? [{ path: ["strategy"], expected }] : [];
}

/** The event's budget must have the policy's form: before the plan, 5 and "1%" cannot be compared. */
function describeBudget(budget: FailureBudget): string {
  return typeof budget === "number"
    ? `a number of at most the policy's ${budget}`
    : `a share of at most the policy's "${budget}", or 0`;
}
