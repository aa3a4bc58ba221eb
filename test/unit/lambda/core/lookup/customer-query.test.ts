import { describe, expect, test } from "@jest/globals";
import {
  type CustomerQuery,
  namedCustomers,
  namedReferences,
  namedTags,
  toCustomerQueries,
} from "../../../../../lambda/core/lookup/customer-query.ts";
import type { Selection } from "../../../../../lambda/core/lookup/selection.ts";
import { aSelection } from "../a-customer.ts";

const accountIds = ["acme", "globex"];
const all: CustomerQuery = { kind: "all", accountIds };
const ids = (...customerIds: string[]): CustomerQuery => ({ kind: "ids", accountIds, customerIds });
const tags = (accountId: string, ...names: string[]): CustomerQuery => ({
  kind: "tags",
  accountIds: [accountId],
  tags: names,
});

describe("the queries", () => {
  test.each<[what: string, selection: Partial<Selection>, queries: readonly CustomerQuery[]]>([
    ["of all", { targets: [{ all: true }] }, [all]],
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
      [ids("p"), { kind: "children", accountIds, parentCustomerIds: ["p"], descendants: true }],
    ],
    [
      "of a parent's direct children",
      { targets: [{ parentCustomerId: "p", descendants: false }] },
      [ids("p"), { kind: "children", accountIds, parentCustomerIds: ["p"], descendants: false }],
    ],
    [
      "of excluded customers and parents, which must exist too",
      {
        targets: [{ tags: ["x"], match: "all" }],
        exclude: [{ customerIds: ["b"] }, { parentCustomerId: "a", descendants: true }],
      },
      [ids("a", "b"), tags("acme", "x"), tags("globex", "x")],
    ],
    [
      "of protected customers and of a cohort of the waves, which must exist too",
      {
        targets: [{ tags: ["x"], match: "any" }],
        cohortWaves: [{ wave: 1, targets: [{ customerIds: ["b"] }] }],
        guarded: { customerIds: ["c", "a"], referenceIds: [], tags: [] },
      },
      [ids("a", "b", "c"), tags("acme", "x"), tags("globex", "x")],
    ],
    [
      "of protected reference ids, which must exist too",
      { targets: [{ tags: ["x"], match: "any" }], guarded: { customerIds: [], referenceIds: ["R-1"], tags: [] } },
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

  test("name at most a hundred customers each, and all of them together", () => {
    const customerIds = Array.from({ length: 250 }, (_, index) => `c-${index}`);
    const queries = toCustomerQueries(aSelection({ targets: [{ customerIds }] }));
    const named = queries.map((query) => (query.kind === "ids" ? query.customerIds : []));
    expect(named.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(named.flat().sort()).toEqual([...customerIds].sort());
  });
});

test("every named tag must exist: of targets, exclusions, cohort waves and protected customers", () => {
  const selection = aSelection({
    targets: [{ tags: ["b", "a"], match: "any" }, { all: true }],
    exclude: [{ tags: ["a", "c"], match: "all" }],
    cohortWaves: [{ wave: 2, targets: [{ tags: ["e", "a"], match: "all" }, { customerIds: ["c-1"] }] }],
    guarded: { customerIds: [], referenceIds: [], tags: ["d", "b"] },
  });
  expect(namedTags(selection)).toEqual(["a", "b", "c", "d", "e"]);
});

test("every customer that must exist is named: of targets and of exclusions, parents too", () => {
  const selection = aSelection({
    targets: [{ customerIds: ["c-1", "c-2"] }, { parentCustomerId: "p-1", descendants: false }],
    exclude: [
      { customerIds: ["c-2", "c-3"] },
      { parentCustomerId: "p-2", descendants: true },
      { referenceIds: ["R-1"] },
    ],
  });
  expect([...namedCustomers(selection)]).toEqual(["c-1", "c-2", "p-1", "c-3", "p-2"]);
});

test("every reference id that must exist is named: of targets and of exclusions", () => {
  const selection = aSelection({
    targets: [{ referenceIds: ["R-1", "R-2"] }],
    exclude: [{ referenceIds: ["R-2", "R-3"] }],
  });
  expect([...namedReferences(selection)]).toEqual(["R-1", "R-2", "R-3"]);
});
