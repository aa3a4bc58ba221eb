import { describe, expect, test } from "@jest/globals";
import { findAbove, findCompany, findKeptParents, findLeftParents, findMoved } from "../../../lambda/rollout/kin.ts";
import { type CustomerFacts, type Judgement, UnclearFamilyError } from "../../../lambda/rollout/selection.ts";
import { aCustomer } from "./a-customer.ts";

const below = (id: string, parentCustomerId: string, changes: Partial<CustomerFacts> = {}) =>
  aCustomer({ id, parentCustomerId, ancestorIds: undefined, isStaging: false, ...changes });

describe("who is above a descendant, of those who are asked about", () => {
  const asked = new Set(["grandparent", "parent", "other"]);
  const above = (customers: readonly CustomerFacts[]) =>
    Object.fromEntries(findAbove(customers, asked).map(({ customer, aboveIds }) => [customer.id, aboveIds.toSorted()]));

  test.each<[what: string, customers: readonly CustomerFacts[], expected: Record<string, readonly string[]>]>([
    [
      "is in its breadcrumb",
      [below("child", "parent", { ancestorIds: ["grandparent", "parent"] })],
      { child: ["grandparent", "parent"] },
    ],
    [
      "is found from parent to parent, when there is no breadcrumb",
      [below("child", "parent"), below("parent", "grandparent")],
      { child: ["grandparent", "parent"], parent: ["grandparent"] },
    ],
    [
      "is found past one who is not asked about",
      [below("child", "between"), below("between", "grandparent")],
      { child: ["grandparent"], between: ["grandparent"] },
    ],
    ["may be each of them, when it shows no way up", [below("child", "unknown")], { child: [...asked].toSorted() }],
    [
      "may be each of the others, for one that was asked about itself and shows no way up",
      [aCustomer({ id: "parent" })],
      { parent: ["grandparent", "other"] },
    ],
    [
      "ends where parents go round in a circle",
      [below("child", "parent"), below("parent", "child")],
      { child: ["parent"], parent: ["grandparent", "other"] },
    ],
  ])("%s", (_what, customers, expected) => {
    expect(above(customers)).toEqual(expected);
  });

  const alone = aCustomer({ id: "alone", ancestorIds: undefined });
  const stranger = below("stranger", "top", { ancestorIds: ["top"] });
  const grandchild = below("grandchild", "alone");

  test("may be each of them, for one that shows no parent, or only others: the server says that somebody is", () => {
    for (const one of [alone, stranger]) expect(above([one])).toEqual({ [one.id]: [...asked].toSorted() });
  });

  test("is nobody for those, where the server lists who was asked about as well: it ignores the filter", () => {
    const askedThemselves = [...asked].map((id) => aCustomer({ id, ancestorIds: undefined }));
    const unknown = below("child", "unknown");
    expect(above([alone, stranger, grandchild, unknown, ...askedThemselves])).toEqual({ child: [...asked].toSorted() });
  });
});

describe("a parent that a promote flipped", () => {
  const held = (customer: CustomerFacts, { isOurs = false, isProtected = false } = {}) =>
    findLeftParents(findMoved([{ customer, aboveIds: ["parent"] }], true), {
      isOurs: () => isOurs,
      judge: () => (isProtected ? { verdict: "skipped", reason: "protected by the policy" } : { verdict: "candidate" }),
    }).get("parent");

  test.each<[what: string, customer: CustomerFacts, known: { isOurs?: boolean; isProtected?: boolean }]>([
    ["was flipped by the same rollout", below("child", "parent"), { isOurs: true }],
    ["is where it would be taken to already", below("child", "parent", { isStaging: true }), {}],
    ["is protected there", below("child", "parent", { isStaging: true }), { isProtected: true }],
  ])("goes back when its child %s", (_what, customer, known) => {
    expect(held(customer, known)).toBeUndefined();
  });

  test.each<[what: string, customer: CustomerFacts, known: { isOurs?: boolean; isProtected?: boolean }, why: string]>([
    ["was right before", below("child", "parent"), {}, "which the rollout did not move"],
    ["does not say where it is", below("child", "parent", { isStaging: undefined }), {}, "the rollout did not move"],
    [
      "is protected by now",
      below("child", "parent"),
      { isOurs: true, isProtected: true },
      "which is protected by the policy",
    ],
  ])("is left when its child %s", (_what, customer, known, why) => {
    expect(held(customer, known)).toContain(why);
  });
});

describe("a parent that a promote is to flip", () => {
  const CANDIDATE: Judgement = { verdict: "candidate" };
  const child = below("child", "parent", { isStaging: true });
  const kept = (customer: CustomerFacts, judge: () => Judgement) =>
    findKeptParents(findMoved([{ customer, aboveIds: ["parent"] }], false), { judge }).get("parent");
  const companyOf = (customer: CustomerFacts) => findCompany(findMoved([{ customer, aboveIds: ["parent"] }], false));

  test("is not kept by a child that the event selects: it waits for it", () => {
    expect(kept(child, () => CANDIDATE)).toBeUndefined();
    expect(companyOf(child)).toEqual(new Map([["parent", ["child"]]]));
  });

  test("neither is kept by a child that is where it would be taken to already, nor waits for it", () => {
    expect(kept(below("child", "parent"), () => ({ verdict: "not selected" }))).toBeUndefined();
    expect(companyOf(below("child", "parent"))).toEqual(new Map());
  });

  test.each<[what: string, judge: () => Judgement, why: string]>([
    ["is protected", () => ({ verdict: "skipped", reason: "protected by the policy" }), "protected by the policy"],
    ["is not what the event selects", () => ({ verdict: "not selected" }), "not selected by the event"],
    [
      "cannot be told to be selected",
      () => {
        throw new UnclearFamilyError("no whole breadcrumb");
      },
      "not known to be selected by the event",
    ],
  ])("stays when its child %s", (_what, judge, why) => {
    expect(kept(child, judge)).toContain(`Evo Voice may move its descendant child, which is ${why}`);
  });
});
