import type { CustomerFacts } from "../../../../../lambda/core/lookup/selection.ts";
import { findLeftOut } from "../../../../../lambda/core/plan/left-out-descendants.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCustomer } from "../a-customer.ts";

const find = (changes: Partial<CustomerFacts>) =>
  findLeftOut([aCustomer({ id: "c", parentCustomerId: "p", ancestorIds: ["p"], ...changes })], {
    ancestorIds: new Set(["p"]),
    flippedIds: new Set(["flipped"]),
    wantedFlag: false,
  });

describe("a descendant of a planned customer", () => {
  test.each<[what: string, customer: Partial<CustomerFacts>, ancestorId: string | undefined]>([
    ["is a child", {}, "p"],
    ["is a grandchild", { parentCustomerId: "m", ancestorIds: ["p", "m"] }, "p"],
    ["shows no breadcrumb", { parentCustomerId: "m", ancestorIds: undefined }, undefined],
    ["does not show its flag", { isStaging: undefined }, "p"],
  ])("that %s is left out", (_what, customer, ancestorId) => {
    expect(find(customer)).toEqual([{ id: "c", ancestorId }]);
  });

  test.each<[what: string, customer: Partial<CustomerFacts>]>([
    ["is flipped by the plan", { id: "flipped" }],
    ["shows the wanted flag already", { isStaging: false }],
    ["belongs to another family, whole breadcrumb shown", { parentCustomerId: "q", ancestorIds: ["q"] }],
    ["has no parent", { parentCustomerId: undefined, ancestorIds: [] }],
  ])("that %s is not left out", (_what, customer) => {
    expect(find(customer)).toEqual([]);
  });
});
