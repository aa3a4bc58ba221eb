import type * as z from "zod";
import { findTooLarge } from "./blast-radius.ts";
import { listShortly } from "./describe.ts";
import { findUnknownCohorts, findUnknownNames, findUnknownStrategy } from "./find-unknown-names.ts";
import { roundUpShare } from "./limits.ts";
import { memberOf, recordOf } from "./member-of.ts";
import { DEFAULT_START, PolicyMembers } from "./policy-members.ts";
import { type Contradiction, refineWith } from "./problems.ts";
import { toWaves } from "./strategy.ts";
import { findPredefined, toDefaultStrategy } from "./strategy-name.ts";
import type { PlainTarget } from "./target.ts";
import type { Wave } from "./wave.ts";

/** The operator's guard rails and defaults. An event can narrow the policy, never widen it. */
export const Policy = PolicyMembers.superRefine(...refineWith(findContradictions)).transform(
  ({ startRequestsPerSecond, ...members }) => ({
    ...members,
    startRequestsPerSecond: startRequestsPerSecond ?? Math.min(DEFAULT_START, members.requestsPerSecond),
  }),
);
export type Policy = z.output<typeof Policy>;

/** The members that are well-formed. */
type Sound = Partial<PolicyMembers>;

/** A step's last request may begin a minute after the budget, and an invocation ends after 15 minutes. */
const GRACE_SECONDS = 60;
const INVOCATION_SECONDS = 870;

/** The contradictions between the members of a policy; `malformed` has the names of members that cannot be read. */
function findContradictions(policy: PolicyMembers, malformed: ReadonlySet<PropertyKey>): readonly Contradiction[] {
  const sound: Sound = Object.fromEntries(Object.entries(policy).filter(([name]) => !malformed.has(name)));
  // A cohort or a strategy that exists but is malformed is not unknown.
  const names = { cohorts: recordOf(policy, "cohorts"), strategies: recordOf(policy, "strategies") };
  return [
    ...findRepeatedAccounts(sound),
    ...findFastStart(sound),
    ...findLongSteps(sound),
    ...findProtectedCohorts(sound),
    ...findPredefinedStrategies(names.strategies),
    ...Object.entries(names.strategies).flatMap(([name, strategy]) =>
      findUnknownCohorts(memberOf(strategy, "waves"), names.cohorts, ["strategies", name, "waves"]),
    ),
    ...(sound.strategy === undefined ? [] : findUnknownStrategy(sound.strategy, names.strategies, ["strategy"])),
    ...(malformed.has("strategy") ? [] : findTooFastDefault(sound)),
    ...Object.entries(sound.pipelines ?? {}).flatMap(([name, template]) =>
      findUnknownNames(template, names, ["pipelines", name]),
    ),
    ...Object.entries(sound.webhooks ?? {}).flatMap(([name, { mappings }]) =>
      mappings.flatMap(({ start }, index) =>
        findUnknownNames(start, names, ["webhooks", name, "mappings", index, "start"]),
      ),
    ),
  ];
}

function findRepeatedAccounts({ accountIds = [] }: Sound): readonly Contradiction[] {
  return accountIds.flatMap((id, index) => {
    const first = accountIds.indexOf(id);
    const expected = `expected each account once, but [${first}] is the same`;
    return first === index ? [] : [{ path: ["accountIds", index], expected }];
  });
}

function findFastStart({
  startRequestsPerSecond: start = 0,
  requestsPerSecond: most,
}: Sound): readonly Contradiction[] {
  if (most === undefined || start <= most) return [];
  return [{ path: ["startRequestsPerSecond"], expected: `expected at most requestsPerSecond, which is ${most}` }];
}

function findLongSteps({ stepSeconds = 0, retries }: Sound): readonly Contradiction[] {
  const requestSeconds = (retries?.requestTimeoutMs ?? 0) / 1000;
  const most = INVOCATION_SECONDS - GRACE_SECONDS - requestSeconds;
  if (stepSeconds <= most) return [];
  const expected = `expected at most ${most}, because a request may take ${requestSeconds} s and an invocation ends after 15 minutes`;
  return [{ path: ["stepSeconds"], expected }];
}

function findProtectedCohorts({ cohorts = {}, protected: guarded }: Sound): readonly Contradiction[] {
  if (guarded === undefined) return [];
  return Object.entries(cohorts).flatMap(([cohort, targets]) => {
    const clashes = targets.flatMap((target) => findProtected(target, guarded));
    if (clashes.length === 0) return [];
    const expected = "expected no customer that the policy protects";
    return [{ path: ["cohorts", cohort], got: listShortly(clashes), expected }];
  });
}

function findProtected(target: PlainTarget, guarded: PolicyMembers["protected"]): readonly string[] {
  if ("customerIds" in target) return intersect(target.customerIds, guarded.customerIds, "customer");
  if ("referenceIds" in target) return intersect(target.referenceIds, guarded.referenceIds, "reference id");
  if ("tags" in target) return intersect(target.tags, guarded.tags, "tag");
  return [];
}

function intersect(named: readonly string[], guarded: readonly string[], what: string): readonly string[] {
  const known = new Set(guarded);
  return named.filter((name) => known.has(name)).map((name) => `${what} ${name}`);
}

function findPredefinedStrategies(strategies: Readonly<Record<string, unknown>>): readonly Contradiction[] {
  const expected = "expected another name, because it is predefined";
  return Object.keys(strategies)
    .filter((name) => findPredefined(name) !== undefined)
    .map((name) => ({ path: ["strategies", name], got: "this name", expected }));
}

/**
 * The default strategy must be allowed for a large promote. The size of a cohort is not known here: the plan checks the
 * rule again.
 */
function findTooFastDefault({ strategy, strategies = {}, largePromote: rule }: Sound): readonly Contradiction[] {
  if (rule === undefined) return [];
  const planned = Math.max(rule.above, typeof rule.firstWave === "number" ? rule.firstWave : 0) + 1;
  const name = strategy ?? toDefaultStrategy(planned);
  if (findUnknownStrategy(name, strategies, []).length > 0) return [];
  const [first] = toWaves({ strategy: name }, { strategies }, planned);
  if (first === undefined) return [];
  const customers = toFewest(first, planned);
  const expected = findTooLarge(rule, { planned, customers, bakeSeconds: first.bakeSeconds });
  if (expected.length === 0) return [];
  return [
    {
      path: ["strategy"],
      got: `"${name}"${strategy === undefined ? " by default" : ""}`,
      expected: `expected ${expected.join(", and ")}: largePromote says so`,
    },
  ];
}

function toFewest({ size }: Wave, planned: number): number {
  switch (size.kind) {
    case "share":
      return roundUpShare(size.hundredths, planned);
    case "customers":
      return Math.min(size.customers, planned);
    case "cohort":
      return 0;
    case "rest":
      return planned;
  }
}
