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
    ["25%", 250, 1_000, undefined],
    ["25%", 251, 1_003, 250],
    ["0.01%", 1, 9_999, 0],
    ["0.01%", 1, 10_000, undefined],
    ["100%", 7, 7, undefined],
    ["25%", 0, 0, undefined],
  ])("of %s rounds down: %d of %d", (maxShare, flip, scope, allowed) => {
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

  test.each<[what: string, flip: number, waves: readonly ReturnType<typeof wave>[], breaches: number]>([
    ["not a large one", 100, [wave(100)], 0],
    ["a large one at once", 101, [wave(101)], 1],
    ["a first wave as large as allowed, rounded up", 101, [wave(11, 1_800), wave(90)], 0],
    ["a first wave of one more", 101, [wave(12, 1_800), wave(89)], 1],
    ["a bake that is a second too short", 101, [wave(11, 1_799), wave(90)], 1],
    ["an empty wave before it, which is passed", 101, [wave(0, 9_000), wave(50), wave(51)], 1],
  ])("looks at how a promote begins: %s", (_what, flip, waves, breaches) => {
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
  const largePromote = { above: 10, firstWave: 5, bakeMinutes: 1 };
  const rails: GuardRails = { maxCustomers: 10, maxShare: "5%", largePromote };
  expect(findBreaches([wave(11)], promote(11, 100), rails)).toHaveLength(3);
});
