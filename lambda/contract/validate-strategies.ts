import { findTooLarge, type LargePromote } from "./blast-radius.ts";
import { findUnknownCohorts, findUnknownStrategy } from "./find-unknown-names.ts";
import { memberOf, recordOf } from "./member-of.ts";
import { type Problem, toPath } from "./problems.ts";
import { roundUpShare } from "./share.ts";
import { type Strategies, toWaves } from "./strategy.ts";
import { findPredefined } from "./strategy-name.ts";
import type { Wave } from "./wave.ts";

/** The members of a policy that decide about waves; undefined when a member is malformed. */
interface StrategyMembers {
  readonly strategies: Strategies["strategies"];
  readonly strategy: string | undefined;
  readonly largePromote: LargePromote | undefined;
}

/** The contradictions between a policy's strategies and its other members. */
export function validateStrategies(input: unknown, members: StrategyMembers): readonly Problem[] {
  return [
    ...findPredefinedStrategies(input),
    ...findUnknownCohortsOfStrategies(input),
    ...findUnknownDefault(input, members),
    ...findTooFastDefault(members),
  ];
}

function findPredefinedStrategies(input: unknown): readonly Problem[] {
  return Object.keys(recordOf(input, "strategies"))
    .filter((name) => findPredefined(name) !== undefined)
    .map((name) => ({
      path: toPath(["strategies", name]),
      message: "got this name; expected another name, because it is predefined",
    }));
}

function findUnknownCohortsOfStrategies(input: unknown): readonly Problem[] {
  const cohorts = recordOf(input, "cohorts");
  return Object.entries(recordOf(input, "strategies")).flatMap(([name, strategy]) =>
    findUnknownCohorts(memberOf(strategy, "waves"), cohorts, ["strategies", name, "waves"]),
  );
}

/** A strategy that exists but is malformed is not unknown. */
function findUnknownDefault(input: unknown, { strategy }: StrategyMembers): readonly Problem[] {
  return strategy === undefined ? [] : findUnknownStrategy(strategy, recordOf(input, "strategies"), ["strategy"]);
}

/**
 * The default strategy must be allowed for a large promote. The size of a cohort is not known here: the plan checks the
 * rule again.
 */
function findTooFastDefault({ strategy, strategies, largePromote: rule }: StrategyMembers): readonly Problem[] {
  if (rule === undefined || strategy === undefined) return [];
  if (findUnknownStrategy(strategy, strategies, []).length > 0) return [];
  const [first] = toWaves({}, { strategy, strategies });
  if (first === undefined) return [];
  const planned = Math.max(rule.above, typeof rule.firstWave === "number" ? rule.firstWave : 0) + 1;
  const customers = toFewest(first, planned);
  const expected = findTooLarge(rule, { planned, customers, bakeSeconds: first.bakeSeconds });
  if (expected.length === 0) return [];
  return [
    { path: "strategy", message: `got "${strategy}"; expected ${expected.join(", and ")}: largePromote says so` },
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
