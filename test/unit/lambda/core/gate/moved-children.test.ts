import { chooseChildren, type FirstFlips, findChildrenStop } from "../../../../../lambda/core/gate/moved-children.ts";
import { type CustomerFacts, UnclearFamilyError } from "../../../../../lambda/core/lookup/selection.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer } from "../a-customer.ts";

const NOT_SELECTED = () => ({ verdict: "not selected" }) as const;
const SELECTED = () => ({ verdict: "candidate" }) as const;
const UNCLEAR = () => {
  throw new UnclearFamilyError("c", "p");
};

const aChild = (changes: Partial<CustomerFacts> = {}) => aCustomer({ id: "c", parentCustomerId: "p", ...changes });
const choose = (listed: readonly CustomerFacts[], changes: Partial<FirstFlips> = {}) =>
  chooseChildren(listed, {
    ...{ parentIds: new Set(["p"]), wantedFlag: false, judge: NOT_SELECTED, protectedIds: new Set(), ...changes },
  }).map(({ id }) => id);

describe("before the first flip, a child", () => {
  test.each<[what: string, child: Partial<CustomerFacts>, changes: Partial<FirstFlips>, isChosen: boolean]>([
    ["is not selected", {}, {}, true],
    ["is skipped", {}, { judge: () => ({ verdict: "skipped", reason: { code: "excluded" } }) }, true],
    ["is selected", {}, { judge: SELECTED }, false],
    ["is selected and protected by a control", {}, { judge: SELECTED, protectedIds: new Set(["c"]) }, true],
    ["does not say whether it is selected", {}, { judge: UNCLEAR }, true],
    ["shows the wanted flag already", { isStaging: false }, {}, false],
    ["does not show its flag", { isStaging: undefined }, {}, false],
    ["has another parent, as where the server ignores the filter", { parentCustomerId: "q" }, {}, false],
    ["has no parent", { parentCustomerId: undefined }, {}, false],
  ])("that %s", (_what, child, changes, isChosen) => {
    expect(choose([aChild(child)], changes)).toEqual(isChosen ? ["c"] : []);
  });

  test("is chosen for 20 parents and 100 children at most", () => {
    const families = (children: number) =>
      Array.from({ length: children }, (_, index) => aChild({ id: `c-${index}`, parentCustomerId: `p-${index % 25}` }));
    const parentIds = new Set(families(25).map(({ parentCustomerId = "" }) => parentCustomerId));
    expect(choose(families(25), { parentIds })).toHaveLength(20);
    expect(choose(families(250), { parentIds })).toHaveLength(100);
  });
});

describe("after the first flips, the rollout", () => {
  const gateConfig = [
    { id: "c", parentId: "p" },
    { id: "d", parentId: "q" },
  ];
  const stopFor = (now: readonly CustomerFacts[], flippedIds = ["p", "q"]) =>
    findChildrenStop(gateConfig, { flippedIds: new Set(flippedIds), wantedFlag: false, now });

  test("is halted by a child that moved, with both ids named", () => {
    expect(stopFor([aChild({ isStaging: false }), aChild({ id: "d" })])).toEqual({
      ...{ decision: "halt", cause: "children-moved" },
      reasons: [{ code: "children-moved", children: [{ id: "c", parentId: "p" }], more: 0 }],
    });
  });

  test.each<[what: string, now: readonly CustomerFacts[], flippedIds: string[]]>([
    ["no child moved", [aChild(), aChild({ id: "d" })], ["p", "q"]],
    ["a child cannot be read", [], ["p", "q"]],
    ["a child of an unflipped parent moved", [aChild({ isStaging: false })], ["q"]],
    ["a child does not show its flag", [aChild({ isStaging: undefined })], ["p", "q"]],
  ])("continues when %s", (_what, now, flippedIds) => {
    expect(stopFor(now, flippedIds)).toBeUndefined();
  });

  test("names 20 of many children, and how many there are", () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ id: `c-${index}`, parentId: "p" }));
    const now = many.map(({ id }) => aChild({ id, isStaging: false }));
    const stop = findChildrenStop(many, { flippedIds: new Set(["p"]), wantedFlag: false, now });
    expect(stop?.reasons).toEqual([{ code: "children-moved", children: many.slice(0, 20), more: 10 }]);
  });
});
