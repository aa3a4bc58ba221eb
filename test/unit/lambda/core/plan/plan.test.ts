import fc from "fast-check";
import type { Wave, WaveSize } from "../../../../../lambda/contract/wave.ts";
import type { CustomerFacts } from "../../../../../lambda/core/lookup/selection.ts";
import type { Candidate } from "../../../../../lambda/core/plan/candidates.ts";
import { explain, type Reason } from "../../../../../lambda/core/reasons.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { ALL_AT_ONCE, aFound, anySelection, type PlanOptions, planFor, someCustomers, toFound } from "../a-customer.ts";

const EXCLUDED = { code: "excluded" } as const;

const PROTECTED = { code: "protected-by-policy", by: "id" } as const;
const manyFound = (count: number, changes: Partial<Candidate> = {}) =>
  Array.from({ length: count }, (_, index) => aFound({ id: `c-${index}`, ...changes }));

const anyReading = (id: fc.Arbitrary<string>, name: fc.Arbitrary<string>, ancestors: readonly string[]) =>
  fc.record(
    {
      ...{ id, name, isStaging: fc.constantFrom(true, false, undefined) },
      skip: fc.constantFrom<Reason[]>(PROTECTED, EXCLUDED),
      ancestorIds: fc.subarray([...ancestors]),
      cohortWave: fc.constantFrom(1, 2),
    },
    { requiredKeys: ["id", "name", "isStaging"] },
  );
const anyName = fc.string({ unit: anyCharacter, maxLength: 300 });
const anyFound = fc.uniqueArray(anyReading(fc.stringMatching(/^[\w.-]{1,64}$/), anyName, ["p-1", "p-2", "p-3"]), {
  selector: ({ id }) => id,
  maxLength: 60,
});

/** The first two are of cohorts, as `cohortWave` has it. */
const anyWaves: fc.Arbitrary<readonly Wave[]> = fc
  .array(
    fc.oneof(
      fc.integer({ min: 1, max: 10_000 }).map((hundredths): WaveSize => ({ kind: "share", hundredths })),
      fc.integer({ min: 1, max: 20 }).map((customers): WaveSize => ({ kind: "customers", customers })),
    ),
    { maxLength: 4 },
  )
  .map((sizes) => [
    ...["canary", "beta"].map((cohort): Wave => ({ size: { kind: "cohort", cohort }, bakeSeconds: 60 })),
    ...sizes.map((size): Wave => ({ size, bakeSeconds: 60 })),
    ...ALL_AT_ONCE,
  ]);

describe("the plan", () => {
  test("puts every customer that was found into exactly one of flip, unchanged and skipped", () => {
    fc.assert(
      fc.property(anyFound, fc.constantFrom("stage" as const, "promote" as const), anyWaves, (found, action, waves) => {
        const { plan, batches, settled } = planFor(found, { action, waves });
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
    fc.assert(
      fc.property(lookups, anyWaves, ([once, shuffled], waves) =>
        expect(planFor(shuffled, { waves })).toEqual(planFor(once, { waves })),
      ),
    );
  });

  test("is the same for any order even when a customer was read twice with different answers", () => {
    const [id, name] = [fc.constantFrom("c-1", "c-2"), fc.constantFrom("Acme", "Globex")];
    const readings = fc.array(anyReading(id, name, ["c-1", "c-2", "c-3"]), { maxLength: 8 });
    fc.assert(
      fc.property(readings, anyWaves, (found, waves) =>
        expect(planFor([...found].reverse(), { waves })).toEqual(planFor(found, { waves })),
      ),
      { numRuns: 200 },
    );
  });

  test.each<[what: string, readings: readonly Partial<Candidate>[], plan: object]>([
    ["a skip and a flip", [{ skip: EXCLUDED }, {}], { flip: 0, unchanged: 0, skipped: 1 }],
    ["a skip and unchanged", [{ isStaging: false }, { skip: EXCLUDED }], { flip: 0, unchanged: 0, skipped: 1 }],
    ["a flip and unchanged", [{}, { isStaging: false }], { flip: 1, unchanged: 0, skipped: 0 }],
    ["unknown and unchanged", [{ isStaging: false }, { isStaging: undefined }], { flip: 1, unchanged: 0, skipped: 0 }],
  ])("of two readings takes the careful one, and a flip reads again: %s", (_what, readings, plan) => {
    expect(planFor(readings.map((reading) => aFound(reading))).plan).toMatchObject(plan);
  });
});

describe("the plan's hash", () => {
  const found = [aFound(), aFound({ id: "c-2", isStaging: false }), aFound({ id: "c-3", skip: EXCLUDED })];
  const hash = (publish: readonly Candidate[], event = {}) => planFor(publish, event).plan.hash;

  test.each([
    ["a customer is to be flipped that was right before", [found[0], { ...found[1], isStaging: true }, found[2]]],
    ["a customer is skipped", [{ ...found[0], skip: EXCLUDED }, found[1], found[2]]],
    ["a customer is skipped for another reason", [found[0], found[1], { ...found[2], skip: PROTECTED }]],
    ["a customer was not found", found.slice(1)],
    ["one more was found", [...found, aFound({ id: "c-4" })]],
  ])("changes when %s", (_what, publish) => {
    expect(hash(publish as readonly Candidate[])).not.toBe(hash(found));
  });

  test("changes with the action and with the release", () => {
    const hashes = [hash(found), hash(found, { action: "stage" }), hash(found, { release: "2026.11.1" })];
    expect(new Set(hashes).size).toBe(3);
  });

  test("changes when a customer comes into another wave, and with a bake", () => {
    const waves = (customers: number, bakeSeconds: number): readonly Wave[] => [
      { size: { kind: "customers", customers }, bakeSeconds } as const,
      ...ALL_AT_ONCE,
    ];
    const many = [...found, aFound({ id: "c-4" }), aFound({ id: "c-5" })];
    const asked = [ALL_AT_ONCE, waves(1, 60), waves(2, 60), waves(1, 61)];
    expect(new Set(asked.map((each) => hash(many, { waves: each }))).size).toBe(4);
  });

  test("changes when a wave waits for an approval, or waits for another time, and the plan says so", () => {
    const asked = [undefined, 3_600, 7_200].map((approvalSeconds): readonly Wave[] => [
      { size: { kind: "rest" }, bakeSeconds: 0, approvalSeconds },
    ]);
    expect(new Set(asked.map((waves) => hash(found, { waves }))).size).toBe(3);
    expect(hash(found, { waves: asked[0] as readonly Wave[] })).toBe(hash(found));
  });

  test("stays when only names or accounts change", () => {
    const renamed = found.map((customer) => ({ ...customer, name: "Initech" }));
    expect(hash(renamed)).toBe(hash(found));
  });
});

describe("the order of flips", () => {
  const customers = manyFound(200);
  const orderOf = (release: string, found = customers) => planFor(found, { release }).entries.map(({ id }) => id);

  test("is stable within a release, and the next release begins with other customers", () => {
    const [order, next] = [orderOf("2026.11.0"), orderOf("2026.11.1")];
    expect(orderOf("2026.11.0", customers.toReversed())).toEqual(order);
    expect(next.slice(0, 20).filter((id) => order.slice(0, 20).includes(id)).length).toBeLessThan(5);
    expect(next.toSorted()).toEqual(order.toSorted());
  });

  test("of two customers does not depend on the other customers", () => {
    const few = customers.filter((_customer, index) => index % 3 === 0);
    const kept = new Set(few.map(({ id }) => id));
    expect(orderOf("2026.11.0", few)).toEqual(orderOf("2026.11.0").filter((id) => kept.has(id)));
  });
});

describe("the waves of a plan", () => {
  const wave = (size: WaveSize, bakeSeconds = 600): Wave => ({ size, bakeSeconds });
  const wavesOf = (found: readonly Candidate[], waves: readonly Wave[]) => {
    const { plan, batches } = planFor(found, { waves });
    return plan.waves.map(({ from, to }) => batches.slice(from, to).flatMap((batch) => batch.map(({ id }) => id)));
  };
  const singles = manyFound(1_000);
  const CANARY = wave({ kind: "cohort", cohort: "canary" });

  test("are shown with their customers, batches and bakes before anything is flipped", () => {
    const canaries = singles.map((customer, index) => (index < 3 ? { ...customer, cohortWave: 1 } : customer));
    const asked = [
      { ...CANARY, bakeSeconds: 60 },
      wave({ kind: "share", hundredths: 500 }),
      wave({ kind: "cohort", cohort: "beta" }),
      wave({ kind: "customers", customers: 251 }),
      wave({ kind: "rest" }, 0),
    ];
    const note = explain({ code: "wave-empty", cohort: "beta" });
    expect(planFor(canaries, { waves: asked }).plan.waves).toEqual([
      { wave: 1, from: 0, to: 1, customers: 3, bakeSeconds: 60 },
      { wave: 2, from: 1, to: 2, customers: 50, bakeSeconds: 600 },
      { wave: 3, from: 2, to: 2, customers: 0, bakeSeconds: 600, note },
      { wave: 4, from: 2, to: 4, customers: 251, bakeSeconds: 600 },
      { wave: 5, from: 4, to: 9, customers: 696, bakeSeconds: 0 },
    ]);
  });

  test("hold each customer to be flipped once, each family in one wave, in batches of their own", () => {
    fc.assert(
      fc.property(anyFound, anyWaves, (found, waves) => {
        const { plan, batches } = planFor(found, { waves });
        const ids = plan.waves.map(({ from, to }) => batches.slice(from, to).flat());
        expect(ids.flat()).toHaveLength(plan.flip);
        expect(new Set(ids.flat().map(({ id }) => id)).size).toBe(plan.flip);
        expect(plan.waves.map(({ customers }) => customers)).toEqual(ids.map(({ length }) => length));
        expect(plan.waves.map(({ from }) => from)).toEqual([0, ...plan.waves.slice(0, -1).map(({ to }) => to)]);
        expect(plan.waves.at(-1)?.to).toBe(batches.length);
        const ancestors = new Map(found.map(({ id, ancestorIds = [] }) => [id, [id, ...ancestorIds]]));
        for (const parent of ["p-1", "p-2", "p-3"]) {
          const of = ids.filter((customers) => customers.some(({ id }) => ancestors.get(id)?.includes(parent)));
          expect(of.length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("keep a parent and its descendants together, in whatever order they are found", () => {
    const family = [
      aFound({ id: "p" }),
      aFound({ id: "child", ancestorIds: ["p"] }),
      aFound({ id: "grandchild", ancestorIds: ["child"] }),
      aFound({ id: "sibling", ancestorIds: ["p"] }),
    ];
    const asked = [...[4, 5].map((customers) => wave({ kind: "customers", customers })), ...ALL_AT_ONCE];
    const whole = expect.arrayContaining(family.map(({ id }) => id));
    for (const related of [family, family.toReversed()])
      expect(wavesOf([...singles, ...related], asked).filter((ids) => ids.includes("p"))).toEqual([whole]);
  });

  test("take a family to the wave of the first of its cohorts", () => {
    const found = [
      aFound({ id: "p" }),
      aFound({ id: "a", ancestorIds: ["p"], cohortWave: 2 }),
      aFound({ id: "b", ancestorIds: ["p"], cohortWave: 1 }),
    ];
    const asked = [CANARY, wave({ kind: "cohort", cohort: "beta" }), ...ALL_AT_ONCE];
    expect(wavesOf(found, asked).map(({ length }) => length)).toEqual([3, 0, 0]);
  });

  test("take in the cohort of any reading of a customer, also of one that does not count", () => {
    const [zeta, alpha] = [aFound({ id: "a", name: "Zeta", cohortWave: 1 }), aFound({ id: "a", name: "Alpha" })];
    for (const readings of [
      [zeta, alpha, aFound({ id: "b" })],
      [aFound({ id: "b" }), alpha, zeta],
    ])
      expect(wavesOf(readings, [CANARY, ...ALL_AT_ONCE])).toEqual([["a"], ["b"]]);
  });

  test("count flips only: a member that is right already takes no family to its cohort's wave", () => {
    const found = [aFound({ id: "p" }), aFound({ id: "a", ancestorIds: ["p"], cohortWave: 1, isStaging: false })];
    expect(wavesOf(found, [CANARY, ...ALL_AT_ONCE])).toEqual([[], ["p"]]);
  });
});

test("parents that form a circle are one family, and all of it is flipped", () => {
  const circle = [aFound({ id: "a", ancestorIds: ["b"] }), aFound({ id: "b", ancestorIds: ["a"] })];
  expect(planFor(circle).batches.flat()).toHaveLength(2);
});

test("a parent of a protected customer is flipped: flags are independent", () => {
  const found = [aFound({ id: "parent" }), aFound({ id: "vip", ancestorIds: ["parent"], skip: PROTECTED })];
  expect(planFor(found)).toMatchObject({ plan: { flip: 1, skipped: 1 }, batches: [[{ id: "parent" }]] });
});

describe("a batch", () => {
  test.each([
    [0, []],
    [1, [1]],
    [150, [150]],
    [151, [150, 1]],
    [301, [150, 150, 1]],
  ])("of %d customers to flip: %j", (count, sizes) => {
    expect(planFor(manyFound(count)).batches.map(({ length }) => length)).toEqual(sizes);
  });

  test.each([
    ["of 255 bytes in many scripts", "電話é🎉".repeat(40)],
    ["of nothing but quotes", '"'.repeat(255)],
    ["of backslashes and line breaks", "\\\n".repeat(200)],
    ["of half an emoji", "\ud83c".repeat(255)],
    ["that are short", "Acme"],
  ])("has at most 150 customers and 100 KB, with what is recorded of them later, for names %s", (_what, name) => {
    const { batches, settled } = planFor(manyFound(1_000, { name }));
    expect(batches.flat()).toHaveLength(1_000);
    expect(settled).toEqual([]);
    const why = "no answer in 10 s, and none when it was read again";
    const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
    for (const batch of batches) {
      const planned = sizeOf(batch.map((customer) => [customer.id, customer.name]));
      const recorded = batch.map((customer) => [customer.id, customer.name, 4, why]);
      expect(batch.length).toBeLessThanOrEqual(150);
      expect(planned).toBeLessThanOrEqual(40_000);
      expect(planned + sizeOf(batch.map(({ id }) => id)) + sizeOf(recorded)).toBeLessThanOrEqual(100_000);
    }
  });

  test("of settled outcomes stays within 100 KB with the longest reasons", () => {
    const skip = { code: "protected-by-policy", by: "tag", tag: "é".repeat(100) } as const;
    const { settled } = planFor(manyFound(1_000, { name: '"'.repeat(255), skip }));
    expect(settled.flat()).toHaveLength(1_000);
    for (const outcomes of settled) expect(Buffer.byteLength(JSON.stringify(outcomes))).toBeLessThanOrEqual(100_000);
  });
});

describe("the plan of a retry", () => {
  const retry = (found: readonly Candidate[], taken: readonly string[], options: PlanOptions = {}) =>
    planFor(found, { ...options, remaining: taken });
  const idsOf = (customers: readonly { readonly id: string }[]) => customers.map(({ id }) => id).sort();

  test("holds only the remaining customers, each as the whole plan has it", () => {
    const lookups = anyFound.chain((found) => fc.tuple(fc.constant(found), fc.subarray(found), anyWaves));
    fc.assert(
      fc.property(lookups, ([found, taken, waves]) => {
        const options = { waves };
        const { entries } = retry(found, idsOf(taken), options);
        const whole = new Map(planFor(found, options).entries.map((entry) => [entry.id, entry]));
        expect(idsOf(entries)).toEqual(idsOf(taken));
        for (const entry of entries) expect(entry).toEqual(whole.get(entry.id));
      }),
    );
  });

  test("keeps the rest of a family in one wave, also when the member that joins it is done", () => {
    const found = [
      aFound({ id: "grandparent" }),
      aFound({ id: "middle", ancestorIds: ["grandparent"] }),
      ...["a", "b", "c"].map((id) => aFound({ id, ancestorIds: ["middle"] })),
      ...manyFound(20),
    ];
    const taken = idsOf(found).filter((id) => id !== "middle");
    const six = { size: { kind: "customers", customers: 6 }, bakeSeconds: 0 } as const;
    const { batches } = retry(found, taken, { waves: [six, six, ...ALL_AT_ONCE] });
    const related = ["grandparent", "a", "b", "c"];
    expect(batches.filter((batch) => batch.some(({ id }) => related.includes(id)))).toHaveLength(1);
  });

  test("takes a customer that was read twice once, with the reading that counts", () => {
    const found = [aFound(), aFound({ skip: EXCLUDED }), aFound({ id: "c-2" })];
    expect(retry(found, ["c-1"]).entries).toEqual([{ id: "c-1", name: "Acme", plannedAction: { skipped: EXCLUDED } }]);
  });

  test("skips a remaining customer that the lookup did not find", () => {
    expect(retry([aFound()], ["c-1", "c-2"])).toMatchObject({
      plan: { flip: 1, skipped: 1 },
      settled: [[{ customerId: "c-2", outcome: "skipped", reason: { code: "no-longer-found" } }]],
    });
  });
});

test("a protected, excluded or unselected customer is never in a batch", () => {
  fc.assert(
    fc.property(someCustomers, anySelection, (customers, selection) => {
      const byId = new Map(customers.map((customer) => [customer.id, customer]));
      /** Written anew from docs/events.md, target by target, with nothing of createJudge. */
      const isIn = (customerId: string, targets: typeof selection.targets): boolean => {
        const customer = byId.get(customerId)!;
        const parents: string[] = [];
        for (let up = customer.parentCustomerId; up !== undefined; up = byId.get(up)?.parentCustomerId)
          parents.push(up);
        return targets.some((target) => {
          if ("all" in target) return true;
          if ("customerIds" in target) return target.customerIds.includes(customerId);
          if ("referenceIds" in target) return target.referenceIds.some((one) => one === customer.referenceId);
          if ("parentCustomerId" in target)
            return (target.descendants ? parents : parents.slice(0, 1)).includes(target.parentCustomerId);
          const carried = target.tags.filter((tag) => customer.tags.includes(tag)).length;
          return carried === target.tags.length || (target.match === "any" && carried > 0);
        });
      };
      const isGuarded = ({ id, referenceId = "", tags }: CustomerFacts): boolean =>
        selection.guarded.customerIds.includes(id) ||
        selection.guarded.referenceIds.includes(referenceId) ||
        tags.some((tag) => selection.guarded.tags.includes(tag));
      const idsOf = (some: readonly { readonly id: string }[]) => some.map(({ id }) => id).sort();

      const { batches, entries } = planFor(toFound(customers, selection), { action: "promote" });

      const selected = customers.filter(({ id }) => isIn(id, selection.targets));
      const flipped = selected.filter(
        (one) =>
          one.isStaging !== false &&
          selection.accountIds.includes(one.accountId) &&
          !isGuarded(one) &&
          !isIn(one.id, selection.exclude),
      );
      expect(idsOf(batches.flat())).toEqual(idsOf(flipped));
      expect(idsOf(entries)).toEqual(idsOf(selected));
    }),
    { numRuns: 1_000 },
  );
});
