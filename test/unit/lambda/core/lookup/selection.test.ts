import type { Policy } from "../../../../../lambda/contract/policy.ts";
import type { PlainTarget } from "../../../../../lambda/contract/target.ts";
import { FinalError } from "../../../../../lambda/core/final-error.ts";
import {
  type CustomerFacts,
  createCohortFinder,
  createJudge,
  type Selection,
  toSelection,
} from "../../../../../lambda/core/lookup/selection.ts";
import type { Reason } from "../../../../../lambda/core/reasons.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer, aSelection, thePolicy } from "../a-customer.ts";

const judge = (customer: Partial<CustomerFacts>, selection: Partial<Selection>) =>
  createJudge(aSelection(selection))(aCustomer(customer));
const selects = (target: PlainTarget, customer: Partial<CustomerFacts>) =>
  judge(customer, { targets: [target] }).verdict === "candidate";

describe("a target", () => {
  test.each<[target: PlainTarget, customer: Partial<CustomerFacts>, isSelected: boolean]>([
    [{ all: true }, {}, true],
    [{ customerIds: ["c-1"] }, { id: "c-1" }, true],
    [{ referenceIds: ["R-1"] }, { referenceId: "R-1" }, true],
    [{ referenceIds: ["R-1"] }, { referenceId: "R-11" }, false],
    [{ referenceIds: ["R-1"] }, {}, false],
    [{ tags: ["a", "b"], match: "all" }, { tags: ["b", "c", "a"] }, true],
    [{ tags: ["a", "b"], match: "all" }, { tags: ["a"] }, false],
    [{ tags: ["a", "b"], match: "any" }, { tags: ["b"] }, true],
    [{ tags: ["a", "b"], match: "any" }, { tags: ["c"] }, false],
    [{ parentCustomerId: "p", descendants: false }, { parentCustomerId: "p" }, true],
    [{ parentCustomerId: "p", descendants: false }, { parentCustomerId: "q", ancestorIds: ["p", "q"] }, false],
    [{ parentCustomerId: "p", descendants: true }, { parentCustomerId: "p" }, true],
    [{ parentCustomerId: "p", descendants: true }, { parentCustomerId: "q", ancestorIds: ["p", "q"] }, true],
    [{ parentCustomerId: "p", descendants: true }, { parentCustomerId: "q", ancestorIds: ["o", "q"] }, false],
    [{ parentCustomerId: "p", descendants: true }, { id: "p" }, false],
    [{ parentCustomerId: "p", descendants: true }, { id: "p", parentCustomerId: "o", ancestorIds: ["o"] }, false],
    [{ parentCustomerId: "p", descendants: true }, { id: "p", parentCustomerId: "o", ancestorIds: ["o", "p"] }, false],
    [{ parentCustomerId: "p", descendants: true }, {}, false],
  ])("%j selects %j: %s", (target, customer, isSelected) => {
    expect(selects(target, customer)).toBe(isSelected);
  });

  test("of descendants is never guessed without a whole breadcrumb", () => {
    const target = { parentCustomerId: "p", descendants: true };
    for (const ancestorIds of [undefined, [], ["o"]])
      expect(() => selects(target, { parentCustomerId: "q", ancestorIds })).toThrow(FinalError);
  });

  test("of a kind that this version does not know selects no customer", () => {
    expect(selects({ region: "north" } as unknown as PlainTarget, {})).toBe(false);
  });
});

describe("a customer", () => {
  const guarded = { customerIds: ["c-7"], referenceIds: ["R-7"], tags: ["vip"] };
  const guard = { code: "protected-by-policy", by: "id" } as const;
  test.each<[what: string, customer: Partial<CustomerFacts>, selection: Partial<Selection>, reason: Reason]>([
    ["of another account", { accountId: "initech" }, {}, { code: "outside-accounts" }],
    ["whose account is not known", { accountId: "" }, {}, { code: "outside-accounts" }],
    ["that is protected by id", { id: "c-7" }, { guarded }, guard],
    ["that is protected by reference id", { referenceId: "R-7" }, { guarded }, { ...guard, by: "reference id" }],
    ["that is protected by tag", { tags: ["a", "vip"] }, { guarded }, { ...guard, by: "tag", tag: "vip" }],
    ["that is excluded", { tags: ["beta"] }, { exclude: [{ tags: ["beta"], match: "all" }] }, { code: "excluded" }],
    [
      "that is named, protected and excluded",
      { id: "c-7" },
      { guarded, targets: [{ customerIds: ["c-7"] }], exclude: [{ all: true }] },
      guard,
    ],
    ["of another account, protected", { id: "c-7", accountId: "initech" }, { guarded }, { code: "outside-accounts" }],
  ])("%s is skipped with the reason", (_what, customer, selection, reason) => {
    expect(judge(customer, selection)).toEqual({ verdict: "skipped", reason });
  });

  test("that no target selects is not spoken of, whatever else is true of it", () => {
    expect(judge({ id: "c-7", accountId: "initech" }, { guarded, targets: [{ customerIds: ["c-1"] }] })).toEqual({
      verdict: "not selected",
    });
  });
});

describe("a cohort", () => {
  const canary: PlainTarget[] = [{ tags: ["canary"], match: "all" }, { customerIds: ["c-1"] }];
  const beta = [{ customerIds: ["c-1", "c-2"] }];
  const policy: Policy = { ...thePolicy, cohorts: { canary, beta } };

  test("stands for the policy's targets, among the event's own", () => {
    const event = { targets: [{ all: true as const }, { cohort: "canary" }], exclude: [{ cohort: "canary" }] };
    expect(toSelection(event, policy)).toEqual({
      accountIds: ["acme"],
      targets: [{ all: true }, ...canary],
      exclude: canary,
      // Only what the event itself names one by one is asked for.
      named: { customerIds: [], referenceIds: [] },
      cohortWaves: [],
      guarded: { customerIds: [], referenceIds: [], tags: [] },
    });
  });

  describe("in the strategy", () => {
    const waves = [{ cohort: "canary" }, { share: "5%" }, { cohort: "beta" }, { rest: true as const }];
    const careful = { waves: waves.map((wave) => ({ ...wave, bakeMinutes: 1 })) };
    const event = { targets: [{ all: true as const }], strategy: "careful" };
    const selection = toSelection(event, { ...policy, strategies: { careful } });

    test("is looked for in every customer", () => {
      expect(selection.cohortWaves).toEqual([
        { wave: 1, targets: canary },
        { wave: 3, targets: beta },
      ]);
    });

    test.each([
      ["by tag", { id: "c-9", tags: ["canary"] }, 1],
      ["by id, in the first of two", { id: "c-1" }, 1],
      ["by id, in the second", { id: "c-2" }, 3],
      ["not at all", { id: "c-9" }, undefined],
    ])("selects a customer %s", (_how, customer, wave) => {
      expect(createCohortFinder(selection)(aCustomer(customer))).toBe(wave);
    });
  });

  test.each(["gamma", "constructor", "__proto__"])("called %s that the policy has lost ends the rollout", (cohort) => {
    const lost = () => toSelection({ targets: [{ all: true }], exclude: [{ cohort }] }, policy);
    expect(lost).toThrow(new FinalError({ code: "unknown-cohort", cohort }));
  });
});
