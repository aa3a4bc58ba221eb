import { describe, test } from "@jest/globals";
import {
  BEFORE,
  FAILURES,
  IN_A_BAKE,
  IN_A_WAVE,
  runRow,
  STRATEGIES,
  type StrategyName,
  THROTTLED,
} from "../gate-rows.ts";

/** The waves of each strategy by what can happen in them, of 40 customers. */
const WAVES: Readonly<
  Record<StrategyName, { readonly all: number[]; readonly baked: number[]; readonly large: number[] }>
> = {
  "all-at-once": { all: [1], baked: [], large: [1] },
  "canary-10-percent-5-minutes": { all: [1, 2], baked: [1], large: [1, 2] },
  "canary-10-percent-30-minutes": { all: [1, 2], baked: [1], large: [1, 2] },
  "linear-20-percent-every-hour": { all: [1, 3, 5], baked: [1, 4], large: [1, 5] },
  "a cohort, 5 %, 25 %, the rest": { all: [1, 2, 3, 4], baked: [1, 2, 3], large: [3, 4] },
};

test.each(Object.entries(THROTTLED))("a canary that meets %s", (_name, cause) =>
  runRow({ strategy: "canary-10-percent-5-minutes", onFailure: "rollback", wave: 2 }, cause),
);

describe.each(Object.keys(STRATEGIES) as StrategyName[])("the strategy %s", (strategy) => {
  const { all, baked, large } = WAVES[strategy];

  describe.each(["rollback", "halt"] as const)("that does a %s, when it meets", (onFailure) => {
    test.each(Object.entries(BEFORE))("%s", (_name, cause) => runRow({ strategy, onFailure, wave: 1 }, cause));

    const rows = [
      ...all.flatMap((wave) => Object.entries(IN_A_WAVE).map(([name, cause]) => ({ wave, name, cause }))),
      ...baked.flatMap((wave) => Object.entries(IN_A_BAKE).map(([name, cause]) => ({ wave, name, cause }))),
      ...large.flatMap((wave) => Object.entries(FAILURES).map(([name, cause]) => ({ wave, name, cause }))),
    ];
    test.each(rows)("$name, in wave $wave", ({ wave, cause }) => runRow({ strategy, onFailure, wave }, cause));
  });
});
