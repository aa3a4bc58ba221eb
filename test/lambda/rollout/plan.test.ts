import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { FoundCustomer } from "../../../lambda/rollout/roster.ts";
import { anySelection, planFor, someCustomers, toFound } from "./a-customer.ts";

const aFound = (changes: Partial<FoundCustomer> = {}): FoundCustomer => ({
  id: "c-1",
  name: "Acme",
  accountId: "acme",
  isStaging: true,
  ...changes,
});

const anyFound = fc.uniqueArray(
  fc.record(
    {
      id: fc.stringMatching(/^[\w.-]{1,64}$/),
      name: fc.string({ unit: "binary", maxLength: 300 }),
      accountId: fc.constant("acme"),
      isStaging: fc.constantFrom(true, false, undefined),
      skip: fc.constantFrom("protected by the policy (by id)", "excluded by the event"),
    },
    { requiredKeys: ["id", "name", "accountId", "isStaging"] },
  ),
  { selector: ({ id }) => id, maxLength: 60 },
);

describe("the plan", () => {
  test("puts every customer that was found into exactly one of flip, unchanged and skipped", () => {
    fc.assert(
      fc.property(anyFound, fc.constantFrom("stage" as const, "promote" as const), (found, action) => {
        const { plan, batches, settled } = planFor(found, { action });
        const flips = batches.flat().map(({ id }) => id);
        const outcomes = settled.flat();
        expect([...flips, ...outcomes.map(({ customerId }) => customerId)].sort()).toEqual(
          found.map(({ id }) => id).sort(),
        );
        expect(plan).toMatchObject({
          flip: flips.length,
          unchanged: outcomes.filter(({ outcome }) => outcome === "unchanged").length,
          skipped: outcomes.filter(({ outcome }) => outcome === "skipped").length,
          batches: batches.length,
          settledItems: settled.length,
        });
        expect(Object.values(plan.skippedBy).reduce((sum, count) => sum + count, 0)).toBe(plan.skipped);
        const byId = new Map(found.map((customer) => [customer.id, customer]));
        for (const id of flips) {
          expect(byId.get(id)?.skip).toBeUndefined();
          expect(byId.get(id)?.isStaging).not.toBe(action === "stage");
        }
      }),
    );
  });

  test("is the same for any order of the lookup, and however often a customer was listed", () => {
    const lookups = anyFound.chain((found) =>
      fc.tuple(
        fc.constant(found),
        fc
          .tuple(fc.shuffledSubarray(found, { minLength: found.length }), fc.subarray(found))
          .map(([all, again]) => [...again, ...all, ...again]),
      ),
    );
    fc.assert(fc.property(lookups, ([once, shuffled]) => expect(planFor(shuffled)).toEqual(planFor(once))));
  });

  test("is the same for any order even when a customer was read twice with different answers", () => {
    const readings = fc.array(
      fc.record(
        {
          id: fc.constantFrom("c-1", "c-2"),
          name: fc.constantFrom("Acme", "Globex"),
          accountId: fc.constant("acme"),
          isStaging: fc.constantFrom(true, false, undefined),
          skip: fc.constantFrom("excluded by the event", "protected by the policy (by id)"),
        },
        { requiredKeys: ["id", "name", "accountId", "isStaging"] },
      ),
      { maxLength: 8 },
    );
    fc.assert(fc.property(readings, (found) => expect(planFor([...found].reverse())).toEqual(planFor(found))));
  });

  test.each([
    {
      what: "a skip and a flip",
      readings: [{ skip: "excluded by the event" }, { isStaging: true }],
      flip: 0,
      unchanged: 0,
    },
    {
      what: "a skip and unchanged",
      readings: [{ isStaging: false }, { skip: "excluded by the event" }],
      flip: 0,
      unchanged: 0,
    },
    {
      what: "a flip and unchanged, because a flip reads again",
      readings: [{ isStaging: true }, { isStaging: false }],
      flip: 1,
      unchanged: 0,
    },
    {
      what: "unknown and unchanged, because a flip reads again",
      readings: [{ isStaging: false }, { isStaging: undefined }],
      flip: 1,
      unchanged: 0,
    },
  ])("of two readings takes the careful one: $what", ({ readings, flip, unchanged }) => {
    const { plan } = planFor(readings.map((reading) => aFound(reading)));
    expect(plan).toMatchObject({ flip, unchanged, skipped: 1 - flip - unchanged });
  });
});

describe("the plan's hash", () => {
  const found = [
    aFound(),
    aFound({ id: "c-2", isStaging: false }),
    aFound({ id: "c-3", skip: "excluded by the event" }),
  ];
  const hash = (changed: readonly FoundCustomer[], event = {}) => planFor(changed, event).plan.hash;

  test.each([
    ["a customer is to be flipped that was right before", [found[0], { ...found[1], isStaging: true }, found[2]]],
    ["a customer is skipped", [{ ...found[0], skip: "excluded by the event" }, found[1], found[2]]],
    [
      "a customer is skipped for another reason",
      [found[0], found[1], { ...found[2], skip: "protected by the policy (by id)" }],
    ],
    ["a customer was not found", found.slice(1)],
    ["one more was found", [...found, aFound({ id: "c-4" })]],
  ])("changes when %s", (_what, changed) => {
    expect(hash(changed as readonly FoundCustomer[])).not.toBe(hash(found));
  });

  test("changes with the action and with the release", () => {
    const hashes = [hash(found), hash(found, { action: "stage" }), hash(found, { release: "2026.11.1" })];
    expect(new Set(hashes).size).toBe(3);
  });

  test("stays when only names, accounts or parents change", () => {
    const renamed = found.map((customer) => ({
      ...customer,
      name: "Initech",
      accountId: "b",
      parentCustomerId: "c-9",
    }));
    expect(hash(renamed)).toBe(hash(found));
  });
});

describe("the order of flips", () => {
  const customers = Array.from({ length: 200 }, (_, index) => aFound({ id: `c-${index}` }));
  const orderOf = (release: string, found = customers) => planFor(found, { release }).entries.map(({ id }) => id);

  test("is stable within a release, and is another one in the next", () => {
    expect(orderOf("2026.11.0")).toEqual(orderOf("2026.11.0"));
    expect(orderOf("2026.11.1")).not.toEqual(orderOf("2026.11.0"));
    expect(orderOf("2026.11.1").toSorted()).toEqual(orderOf("2026.11.0").toSorted());
  });

  test("of two customers does not depend on who else is there", () => {
    const few = customers.filter((_customer, index) => index % 3 === 0);
    const kept = new Set(few.map(({ id }) => id));
    expect(orderOf("2026.11.0", few)).toEqual(orderOf("2026.11.0").filter((id) => kept.has(id)));
  });
});

describe("a batch", () => {
  const named = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => aFound({ id: `5f2b8c1e9d3a4b00${index}`, name }));

  test.each([
    { count: 0, sizes: [] },
    { count: 1, sizes: [1] },
    { count: 250, sizes: [250] },
    { count: 251, sizes: [250, 1] },
    { count: 501, sizes: [250, 250, 1] },
  ])("of $count customers to flip: $sizes", ({ count, sizes }) => {
    expect(planFor(named("Acme", count)).batches.map(({ length }) => length)).toEqual(sizes);
  });

  test.each([
    ["of 255 bytes in many scripts", "電話é🎉".repeat(40)],
    ["of nothing but quotes", '"'.repeat(255)],
    ["of backslashes and line breaks", "\\\n".repeat(200)],
    ["of half an emoji", "\ud83c".repeat(255)],
    ["that are short", "Acme"],
  ])("has at most 250 customers and 100 KB, with what is recorded of them later, for names %s", (_what, name) => {
    const { batches, settled } = planFor(named(name, 1_000));
    expect(batches.flat()).toHaveLength(1_000);
    expect(settled).toEqual([]);
    for (const batch of batches) {
      const recorded = batch.map((customer) => [
        customer.id,
        customer.name,
        4,
        "no answer in 10 s, and none when it was read again",
      ]);
      const bytes = [batch.map(({ id, name: text }) => [id, text]), batch.map(({ id }) => id), recorded].map((part) =>
        Buffer.byteLength(JSON.stringify(part)),
      );
      expect(batch.length).toBeLessThanOrEqual(250);
      expect(bytes.reduce((sum, part) => sum + part)).toBeLessThanOrEqual(100_000);
      expect(bytes[0]).toBeLessThanOrEqual(40_000);
    }
  });

  test("of settled outcomes stays within 100 KB with the longest reasons", () => {
    const found = named('"'.repeat(255), 1_000).map((customer) => ({
      ...customer,
      skip: `protected by the policy (tag ${"é".repeat(100)})`,
    }));
    const { settled } = planFor(found);
    expect(settled.flat()).toHaveLength(1_000);
    for (const outcomes of settled) expect(Buffer.byteLength(JSON.stringify(outcomes))).toBeLessThanOrEqual(100_000);
  });
});

test("nobody who is protected, excluded, outside of the scope or no target is ever in a batch", () => {
  fc.assert(
    fc.property(someCustomers, anySelection, (customers, selection) => {
      const byId = new Map(customers.map((customer) => [customer.id, customer]));
      /** Written anew from docs/events.md, target by target, with nothing of createJudge. */
      const isIn = (customerId: string, targets: typeof selection.targets): boolean => {
        const customer = byId.get(customerId)!;
        const parents: string[] = [];
        for (let up = customer.parentCustomerId; up !== undefined; up = byId.get(up)?.parentCustomerId)
          parents.push(up);
        for (const target of targets) {
          if ("all" in target) return true;
          if ("customerIds" in target && target.customerIds.includes(customerId)) return true;
          if ("referenceIds" in target && target.referenceIds.some((reference) => reference === customer.referenceId))
            return true;
          if ("tags" in target) {
            const carried = target.tags.filter((tag) => customer.tags.includes(tag)).length;
            if (carried === target.tags.length || (target.match === "any" && carried > 0)) return true;
          }
          if ("parentCustomerId" in target) {
            if (parents[0] === target.parentCustomerId) return true;
            if (target.descendants && parents.includes(target.parentCustomerId)) return true;
          }
        }
        return false;
      };
      const { guarded } = selection;
      const mayBeFlipped = (id: string): boolean => {
        const { accountId, referenceId = "", tags } = byId.get(id)!;
        const isGuarded =
          guarded.customerIds.includes(id) ||
          guarded.referenceIds.includes(referenceId) ||
          tags.some((tag) => guarded.tags.includes(tag));
        return (
          isIn(id, selection.targets) &&
          !isIn(id, selection.exclude) &&
          selection.accountIds.includes(accountId) &&
          !isGuarded
        );
      };

      const { batches, entries } = planFor(toFound(customers, selection), { action: "promote" });

      const expected = customers
        .filter(({ id, isStaging }) => mayBeFlipped(id) && isStaging !== false)
        .map(({ id }) => id);
      expect(
        batches
          .flat()
          .map(({ id }) => id)
          .sort(),
      ).toEqual(expected.sort());
      expect(entries.map(({ id }) => id).sort()).toEqual(
        customers
          .map(({ id }) => id)
          .filter((id) => isIn(id, selection.targets))
          .sort(),
      );
    }),
    { numRuns: 1_000 },
  );
});
