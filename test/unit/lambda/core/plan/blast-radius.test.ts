import { findBreaches, type GuardRails } from "../../../../../lambda/core/plan/blast-radius.ts";
import { describeReason } from "../../../../../lambda/core/reasons.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

const wave = (customers: number, bakeSeconds = 0) => ({ customers, bakeSeconds });
const promote = (flip: number, scope?: number) => ({ action: "promote" as const, flip, scope });

test("a policy without rails is never broken", () => {
  expect(findBreaches([wave(1_000_000)], promote(1_000_000), {})).toEqual([]);
});

describe("maxCustomers", () => {
  test.each([
    { flip: 1_000, breaches: [] },
    { flip: 1_001, breaches: [{ code: "blast-radius", rule: "maxCustomers", flip: 1_001, allowed: 1_000 }] },
  ])("of 1000, for a plan of $flip: $breaches", ({ flip, breaches }) => {
    for (const action of ["stage", "promote"] as const) {
      expect(findBreaches([wave(flip)], { action, flip }, { maxCustomers: 1_000 })).toEqual(breaches);
    }
  });
});

describe("maxShare", () => {
  test.each([
    { maxShare: "25%", flip: 250, scope: 1_000, allowed: undefined },
    { maxShare: "25%", flip: 251, scope: 1_000, allowed: 250 },
    { maxShare: "25%", flip: 250, scope: 1_003, allowed: undefined },
    { maxShare: "25%", flip: 251, scope: 1_003, allowed: 250 },
    { maxShare: "0.01%", flip: 1, scope: 9_999, allowed: 0 },
    { maxShare: "0.01%", flip: 1, scope: 10_000, allowed: undefined },
    { maxShare: "100%", flip: 7, scope: 7, allowed: undefined },
    { maxShare: "25%", flip: 0, scope: 0, allowed: undefined },
  ])("of $maxShare rounds down: $flip of $scope", ({ maxShare, flip, scope, allowed }) => {
    expect(findBreaches([wave(flip)], promote(flip, scope), { maxShare })).toEqual(
      allowed === undefined ? [] : [{ code: "blast-radius", rule: "maxShare", flip, share: maxShare, scope, allowed }],
    );
  });

  test("of a scope whose size is not known is broken by any flip, and kept without one", () => {
    expect(findBreaches([wave(1)], promote(1), { maxShare: "100%" })).toEqual([
      { code: "blast-radius", rule: "maxShare", flip: 1, share: "100%" },
    ]);
    expect(findBreaches([wave(0)], promote(0), { maxShare: "1%" })).toEqual([]);
  });
});

describe("largePromote", () => {
  const rails: GuardRails = { largePromote: { above: 100, firstWave: "10%", bakeMinutes: 30 } };

  test.each([
    { what: "not a large one", flip: 100, waves: [wave(100)], breaches: 0 },
    { what: "a large one at once", flip: 101, waves: [wave(101)], breaches: 1 },
    {
      what: "a first wave as large as allowed, rounded up",
      flip: 101,
      waves: [wave(11, 1_800), wave(90)],
      breaches: 0,
    },
    { what: "a first wave of one more", flip: 101, waves: [wave(12, 1_800), wave(89)], breaches: 1 },
    { what: "a bake that is a second too short", flip: 101, waves: [wave(11, 1_799), wave(90)], breaches: 1 },
    {
      what: "an empty wave before it, which is passed",
      flip: 101,
      waves: [wave(0, 9_000), wave(50, 0), wave(51)],
      breaches: 1,
    },
    { what: "later waves of any size and bake", flip: 101, waves: [wave(1, 1_800), wave(100)], breaches: 0 },
  ])("looks at how a promote begins: $what", ({ flip, waves, breaches }) => {
    expect(findBreaches(waves, promote(flip), rails)).toHaveLength(breaches);
  });

  test("does not look at a stage", () => {
    expect(findBreaches([wave(101)], { action: "stage", flip: 101 }, rails)).toEqual([]);
  });

  test("says what was planned and what is expected", () => {
    expect(findBreaches([wave(101, 60)], promote(101), rails).map(describeReason)).toEqual([
      "the plan flips 101 customers, its first wave 101, with a bake of 60 s; the policy expects a first wave of at most 10% for a promote of more than 100 customers and a bake of at least 30 minutes after the first wave of a promote of more than 100 customers",
    ]);
  });
});

test("every rail that is broken is named at once", () => {
  const rails: GuardRails = {
    maxCustomers: 10,
    maxShare: "5%",
    largePromote: { above: 10, firstWave: 5, bakeMinutes: 1 },
  };
  expect(findBreaches([wave(11)], promote(11, 100), rails)).toHaveLength(3);
});
