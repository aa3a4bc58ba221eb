import {
  type CustomerQuery,
  namedCustomers,
  namedReferences,
  namedTags,
  toCustomerQueries,
} from "../../../../../lambda/core/lookup/customer-query.ts";
import type { Selection } from "../../../../../lambda/core/lookup/selection.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aSelection } from "../a-customer.ts";

const accountIds = ["acme", "globex"];
const all: CustomerQuery = { kind: "all", accountIds };
const ids = (...customerIds: string[]): CustomerQuery => ({ kind: "ids", customerIds });
const tags = (accountId: string, ...names: string[]): CustomerQuery => {
  return { kind: "tags", accountIds: [accountId], tags: names };
};
const children = (descendants: boolean): CustomerQuery => {
  return { kind: "children", accountIds, parentCustomerIds: ["p"], descendants };
};
const X = [{ tags: ["x"], match: "any" as const }];
const OF_X = [tags("acme", "x"), tags("globex", "x")];
const NONE = { customerIds: [], referenceIds: [], tags: [] };

describe("the queries", () => {
  test.each<[what: string, selection: Partial<Selection>, queries: readonly CustomerQuery[]]>([
    [
      "of all and of named customers, which must exist",
      { targets: [{ all: true }, { customerIds: ["b", "a"] }] },
      [ids("a", "b"), all],
    ],
    [
      "of named customers, each once",
      { targets: [{ customerIds: ["b", "a"] }, { customerIds: ["b"] }] },
      [ids("a", "b")],
    ],
    ["of reference ids, for which Evo Voice has no filter", { targets: [{ referenceIds: ["R-1"] }] }, [all]],
    [
      "of all of some tags, account by account",
      { targets: [{ tags: ["x", "y"], match: "all" }] },
      [tags("acme", "x", "y"), tags("globex", "x", "y")],
    ],
    [
      "of any of some tags, tag by tag",
      { targets: [{ tags: ["x", "y"], match: "any" }] },
      [tags("acme", "x"), tags("acme", "y"), tags("globex", "x"), tags("globex", "y")],
    ],
    [
      "of a parent's descendants, and the parent, which must exist",
      { targets: [{ parentCustomerId: "p", descendants: true }] },
      [ids("p"), children(true)],
    ],
    [
      "of a parent's direct children",
      { targets: [{ parentCustomerId: "p", descendants: false }] },
      [ids("p"), children(false)],
    ],
    [
      "of excluded customers and parents, which must exist too",
      { targets: X, exclude: [{ customerIds: ["b"] }, { parentCustomerId: "a", descendants: true }] },
      [ids("a", "b"), ...OF_X],
    ],
    [
      "of protected customers and of a cohort of the waves, which must exist too",
      {
        targets: X,
        cohortWaves: [{ wave: 1, targets: [{ customerIds: ["b"] }] }],
        guarded: { ...NONE, customerIds: ["c", "a"] },
      },
      [ids("a", "b", "c"), ...OF_X],
    ],
    [
      "of protected reference ids, which must exist too",
      { targets: X, guarded: { ...NONE, referenceIds: ["R-1"] } },
      [all],
    ],
    [
      "of excluded reference ids, which must exist too",
      { targets: [{ customerIds: ["a"] }], exclude: [{ referenceIds: ["R-1"] }] },
      [ids("a"), all],
    ],
  ])("%s", (_what, selection, queries) => {
    expect(toCustomerQueries(aSelection({ accountIds, ...selection }))).toEqual(queries);
  });

  const manyIds = (count: number, characters: number) =>
    Array.from({ length: count }, (_, index) => `${index}`.padStart(characters, "c"));

  test.each([
    [5, [100, 100, 50]],
    [24, [75, 75, 75, 25]],
    [64, [...Array(8).fill(28), 26]],
  ])("name as many customers with ids of %d characters as fit into a URL", (characters, sizes) => {
    const customerIds = manyIds(250, characters);
    const queries = toCustomerQueries(aSelection({ targets: [{ customerIds }] }));
    const named = queries.map((query) => (query.kind === "ids" ? query.customerIds : []));
    expect(named.map(({ length }) => length)).toEqual(sizes);
    expect(named.flat().sort()).toEqual([...customerIds].sort());
  });

  test.each<Selection["targets"][number]>([{ all: true }, { parentCustomerId: "p", descendants: true }])(
    "of %j name as many accounts as fit into a URL",
    (target) => {
      const many = manyIds(130, 24);
      const queries = toCustomerQueries(aSelection({ accountIds: many, targets: [target] }));
      const named = queries.flatMap((query) => (query.kind === "ids" ? [] : [query.accountIds]));
      expect(named.map(({ length }) => length)).toEqual([75, 55]);
      expect(named.flat()).toEqual(many);
    },
  );
});

test("every tag, customer, parent and reference id that must exist is named, wherever it stands", () => {
  const selection = aSelection({
    targets: [
      ...[{ tags: ["b", "a"], match: "any" as const }, { all: true as const }, { customerIds: ["c-1", "c-2"] }],
      ...[{ parentCustomerId: "p-1", descendants: false }, { referenceIds: ["R-1", "R-2"] }],
    ],
    exclude: [
      ...[{ tags: ["a", "c"], match: "all" as const }, { customerIds: ["c-2", "c-3"] }],
      ...[{ parentCustomerId: "p-2", descendants: true }, { referenceIds: ["R-2", "R-3"] }],
    ],
    cohortWaves: [{ wave: 2, targets: [{ tags: ["e", "a"], match: "all" }, { customerIds: ["c-1"] }] }],
    guarded: { ...NONE, tags: ["d", "b"] },
  });
  expect(namedTags(selection)).toEqual(["a", "b", "c", "d", "e"]);
  expect([...namedCustomers(selection)]).toEqual(["c-1", "c-2", "p-1", "c-3", "p-2"]);
  expect([...namedReferences(selection)]).toEqual(["R-1", "R-2", "R-3"]);
});
