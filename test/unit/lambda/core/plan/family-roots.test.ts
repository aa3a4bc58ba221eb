import fc from "fast-check";
import { createFamilyRoots } from "../../../../../lambda/core/plan/family-roots.ts";
import { expect, test } from "../../../../support/jest.ts";

const KEYS = 12;
const somePairs = fc.array(fc.tuple(fc.nat({ max: KEYS }), fc.nat({ max: KEYS })), { maxLength: 20 });

function joinAll(pairs: readonly (readonly [number, number])[]) {
  const families = createFamilyRoots();
  for (const [key, ancestorKey] of pairs) families.join(key, ancestorKey);
  return families;
}

/** Written anew: everything that a walk over the pairs reaches. */
function familyOf(key: number, pairs: readonly (readonly [number, number])[]): ReadonlySet<number> {
  const family = new Set([key]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const [one, other] of pairs) if (family.has(one) || family.has(other)) family.add(one).add(other);
  }
  return family;
}

test("gives all members of a family its smallest key, in any order of joining, circles included", () => {
  fc.assert(
    fc.property(somePairs, (pairs) => {
      const [families, reversed] = [joinAll(pairs), joinAll(pairs.toReversed())];
      for (const key of new Set(pairs.flat())) {
        expect(families.findRoot(key)).toBe(Math.min(...familyOf(key, pairs)));
        expect(reversed.findRoot(key)).toBe(families.findRoot(key));
      }
    }),
  );
});

test("finds no family of a customer that was not joined", () => {
  expect(joinAll([[1, 2]]).findRoot(3)).toBeUndefined();
});

test("follows a chain of a hundred thousand ancestors", () => {
  const families = joinAll(Array.from({ length: 100_000 }, (_, key) => [key + 1, key] as const));
  expect(families.findRoot(100_000)).toBe(0);
});
