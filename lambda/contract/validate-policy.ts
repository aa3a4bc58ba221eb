import type * as z from "zod";
import { listShortly } from "./describe.ts";
import { memberOf, recordOf } from "./member-of.ts";
import { findUnknownNamesOfPipelines } from "./pipeline-mapping.ts";
import { policyMembers } from "./policy.ts";
import { describeAt, type Problem, toPath } from "./problems.ts";
import type { PlainTarget } from "./target.ts";
import { validateStrategies } from "./validate-strategies.ts";
import { findUnknownNamesOfWebhooks } from "./webhook-sources.ts";

type Members = typeof policyMembers;
type ProtectedCustomers = z.output<Members["protected"]>;

/** A step's last request may begin a minute after the budget, and an invocation ends after 15 minutes. */
const GRACE_SECONDS = 60;
const INVOCATION_SECONDS = 870;

/**
 * The contradictions between the members of a policy. Each member is parsed by itself, so that contradictions are
 * reported beside all other problems.
 */
export function validatePolicy(input: unknown): readonly Problem[] {
  const member = <Name extends keyof Members>(name: Name) => readMember(input, name);
  const names = { cohorts: member("cohorts") ?? {}, strategies: recordOf(input, "strategies") };
  return [
    ...findRepeatedAccounts(member("accountIds") ?? []),
    ...findFastStart(input, member("startRequestsPerSecond"), member("requestsPerSecond")),
    ...findLongSteps(input, member("stepSeconds"), member("retries")?.requestTimeoutMs),
    ...findProtectedCohorts(names.cohorts, member("protected")),
    ...findReservedNames(input),
    ...validateStrategies(input, {
      strategy: member("strategy"),
      strategies: member("strategies") ?? {},
      largePromote: member("largePromote"),
    }),
    ...findUnknownNamesOfPipelines(member("pipelines") ?? {}, names),
    ...findUnknownNamesOfWebhooks(member("webhooks") ?? {}, names),
  ];
}

function readMember<Name extends keyof Members>(input: unknown, name: Name): z.output<Members[Name]> | undefined {
  const parsed = policyMembers[name].safeParse(memberOf(input, name));
  return parsed.success ? (parsed.data as z.output<Members[Name]>) : undefined;
}

function findRepeatedAccounts(accountIds: readonly string[]): readonly Problem[] {
  return accountIds.flatMap((id, index) => {
    const first = accountIds.indexOf(id);
    if (first === index) return [];
    return {
      path: `accountIds[${index}]`,
      message: `got "${id}"; expected each account once, but [${first}] is the same`,
    };
  });
}

function findFastStart(input: unknown, start = 0, most = Number.POSITIVE_INFINITY): readonly Problem[] {
  if (start <= most) return [];
  const got = describeAt(input, ["startRequestsPerSecond"]);
  const message = `got ${got}; expected at most requestsPerSecond, which is ${most}`;
  return [{ path: "startRequestsPerSecond", message }];
}

function findLongSteps(input: unknown, stepSeconds = 0, requestTimeoutMs = 0): readonly Problem[] {
  const most = INVOCATION_SECONDS - GRACE_SECONDS - requestTimeoutMs / 1000;
  if (stepSeconds <= most) return [];
  const got = describeAt(input, ["stepSeconds"]);
  const message = `got ${got}; expected at most ${most}, because a request may take ${requestTimeoutMs / 1000} s and an invocation ends after 15 minutes`;
  return [{ path: "stepSeconds", message }];
}

function findProtectedCohorts(
  cohorts: Readonly<Record<string, readonly PlainTarget[]>>,
  protectedCustomers: ProtectedCustomers | undefined,
): readonly Problem[] {
  if (protectedCustomers === undefined) return [];
  return Object.entries(cohorts).flatMap(([cohort, targets]) => {
    const clashes = targets.flatMap((target) => findProtected(target, protectedCustomers));
    if (clashes.length === 0) return [];
    const message = `got ${listShortly(clashes)}; expected no customer that the policy protects`;
    return { path: toPath(["cohorts", cohort]), message };
  });
}

function findProtected(target: PlainTarget, protectedCustomers: ProtectedCustomers): readonly string[] {
  if ("customerIds" in target) return intersect(target.customerIds, protectedCustomers.customerIds, "customer");
  if ("referenceIds" in target) return intersect(target.referenceIds, protectedCustomers.referenceIds, "reference id");
  if ("tags" in target) return intersect(target.tags, protectedCustomers.tags, "tag");
  return [];
}

function intersect(named: readonly string[], protectedCustomers: readonly string[], what: string): readonly string[] {
  const known = new Set(protectedCustomers);
  return named.filter((name) => known.has(name)).map((name) => `${what} ${name}`);
}

/** JSON can have a member `__proto__`, which zod does not see. */
function findReservedNames(input: unknown): readonly Problem[] {
  return ["cohorts", "strategies"]
    .filter((member) => memberOf(memberOf(input, member), "__proto__") !== undefined)
    .map((member) => ({
      path: `${member}.__proto__`,
      message: "got this name; expected another name, because JavaScript reserves it",
    }));
}
