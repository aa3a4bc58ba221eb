import { listShortly } from "./describe.ts";
import { didYouMean } from "./find-closest.ts";
import { memberOf } from "./member-of.ts";
import type { Contradiction } from "./problems.ts";
import { StrategyName } from "./strategy.ts";
import { findLongWaits, findPredefined, PREDEFINED } from "./strategy-name.ts";
import { CohortName } from "./target.ts";

type Members = Readonly<Record<string, unknown>>;

/** The cohorts and strategies of a policy by name. */
export interface Names {
  readonly cohorts: Members;
  readonly strategies: Members;
}

/** The cohorts and strategies of an event that the policy does not have. The event may be malformed. */
export function findUnknownNames(
  event: unknown,
  { cohorts, strategies }: Names,
  path: readonly PropertyKey[] = [],
): readonly Contradiction[] {
  const strategy = memberOf(event, "strategy");
  const name = StrategyName.safeParse(strategy);
  return [
    ...findUnknownCohorts(memberOf(event, "targets"), cohorts, [...path, "targets"]),
    ...findUnknownCohorts(memberOf(event, "exclude"), cohorts, [...path, "exclude"]),
    ...(name.success
      ? findUnknownStrategy(name.data, strategies, [...path, "strategy"])
      : findUnknownCohorts(memberOf(strategy, "waves"), cohorts, [...path, "strategy", "waves"])),
  ];
}

export function findUnknownStrategy(
  name: string,
  strategies: Members,
  path: readonly PropertyKey[],
): readonly Contradiction[] {
  if (Object.hasOwn(strategies, name)) return [];
  const predefined = findPredefined(name);
  if (predefined !== undefined) {
    const tooLong = findLongWaits(predefined.map(({ bakeSeconds }) => bakeSeconds / 60));
    return tooLong === undefined ? [] : [{ path, got: `"${name}"`, expected: tooLong }];
  }
  const names = Object.keys(strategies);
  const known = listShortly(names, 20) || "none";
  const hint = didYouMean(name, [...names, "all-at-once"]);
  const expected = `expected a strategy of the policy, which has ${known}, or one of ${PREDEFINED}${hint}`;
  return [{ path, got: `"${name}"`, expected }];
}

/** The most targets, and the most waves, that an event can have. */
const MOST_ITEMS = 100;

/** The unknown cohorts of a target, of a list of targets or of a list of waves. */
export function findUnknownCohorts(
  value: unknown,
  cohorts: Members,
  path: readonly PropertyKey[],
): readonly Contradiction[] {
  if (!Array.isArray(value)) return findUnknownCohort(value, cohorts, path);
  return value.slice(0, MOST_ITEMS).flatMap((item, index) => findUnknownCohort(item, cohorts, [...path, index]));
}

function findUnknownCohort(value: unknown, cohorts: Members, path: readonly PropertyKey[]): readonly Contradiction[] {
  const name = CohortName.safeParse(memberOf(value, "cohort"));
  if (!name.success || Object.hasOwn(cohorts, name.data)) return [];
  const known = listShortly(Object.keys(cohorts), 20) || "none";
  const expected = `expected a cohort of the policy, which has ${known}`;
  return [{ path: [...path, "cohort"], got: `"${name.data}"`, expected }];
}
