import { hash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createFamilies } from "../../../lambda/rollout/families.ts";

type Link = readonly [key: number, parentKey: number];

const join = (links: readonly Link[]) => {
  const families = createFamilies();
  for (const [key, parentKey] of links) families.join(key, parentKey);
  return families;
};
const keyOf = (name: number | string) => hash("sha256", `key ${name}`, "buffer").readUIntBE(0, 6);
const heldOf = (families: ReturnType<typeof createFamilies>, keys: readonly number[]) =>
  keys.filter((key) => families.heldFor(key) !== undefined);

/** Few keys, with the smallest and the largest that there can be, so that joins often meet. */
const KEYS = [0, 1, 2, 3, 1_000, 2 ** 47, 2 ** 48 - 2, 2 ** 48 - 1];
const anyKey = fc.constantFrom(...KEYS);
const anyLinks: fc.Arbitrary<readonly Link[]> = fc.array(fc.tuple(anyKey, anyKey), { maxLength: 12 });

/** Written anew: who is reached from whom by links in either direction. */
function connected(links: readonly Link[], from: number): readonly number[] {
  const reached = new Set([from]);
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const [a, b] of links) if (reached.has(a) || reached.has(b)) reached.add(a).add(b);
  }
  return [...reached].sort();
}

/** Written anew: who is reached by going up. */
function above(links: readonly Link[], from: number): readonly number[] {
  const reached = new Set<number>();
  const open = [from];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    for (const [child, parent] of links) {
      if (child !== key || parent === child || reached.has(parent)) continue;
      reached.add(parent);
      open.push(parent);
    }
  }
  return [...reached];
}

describe("a family", () => {
  test("of one keeps its own key", () => {
    expect(createFamilies().familyOf(42)).toBe(42);
    expect(join([[1, 2]]).familyOf(42)).toBe(42);
    expect(join([[42, 42]]).familyOf(42)).toBe(42);
  });

  test("has one place for all of its members, which is none of their keys", () => {
    const families = join([
      [1, 2],
      [3, 2],
      [4, 3],
    ]);
    const places = [1, 2, 3, 4].map((key) => families.familyOf(key));
    expect(new Set(places).size).toBe(1);
    expect([1, 2, 3, 4]).not.toContain(places[0]);
    expect(families.familyOf(5)).toBe(5);
  });

  test("is who is joined, and nobody else, whatever the order of the joins and however often", () => {
    const shuffled = anyLinks.chain((links) =>
      fc.tuple(fc.constant(links), fc.shuffledSubarray([...links, ...links], { minLength: links.length * 2 })),
    );
    fc.assert(
      fc.property(shuffled, ([links, again]) => {
        const families = join(links);
        const others = join(again);
        for (const key of KEYS) {
          const family = families.familyOf(key);
          expect(others.familyOf(key)).toBe(family);
          expect(KEYS.filter((other) => families.familyOf(other) === family).sort()).toEqual(connected(links, key));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("stands at an even place, however large it is", () => {
    const ranks = Array.from({ length: 200 }, (_, family) => {
      const families = createFamilies();
      for (let child = 0; child < 100; child += 1)
        families.join(keyOf(`${family}-${child}`), keyOf(`${family}-parent`));
      return families.familyOf(keyOf(`${family}-7`)) / 2 ** 48;
    });
    const mean = ranks.reduce((sum, rank) => sum + rank) / ranks.length;
    expect(mean).toBeGreaterThan(0.4);
    expect(mean).toBeLessThan(0.6);
    expect(Math.min(...ranks)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...ranks)).toBeLessThan(1);
  });

  test("of a chain of 100,000 is found at once", () => {
    const families = createFamilies();
    for (let index = 0; index < 100_000; index += 1) families.join(keyOf(index), keyOf(index + 1));
    expect(families.familyOf(keyOf(0))).toBe(families.familyOf(keyOf(100_000)));
    families.holdAncestors(keyOf(0), 1);
    expect(families.heldFor(keyOf(100_000))).toBe(1);
    expect(families.heldFor(keyOf(0))).toBeUndefined();
  });
});

describe("whoever is above a customer that is held back", () => {
  const links: readonly Link[] = [
    [1, 2],
    [2, 3],
    [4, 2],
    [5, 6],
  ];

  test("is held back too; children, siblings and strangers are not", () => {
    const families = join(links);
    families.holdAncestors(1, 17);
    expect([1, 2, 3, 4, 5, 6, 7].map((key) => families.heldFor(key))).toEqual([
      undefined,
      17,
      17,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("keeps the first cause", () => {
    const families = join(links);
    families.holdAncestors(2, 0);
    families.holdAncestors(1, 9);
    expect([2, 3].map((key) => families.heldFor(key))).toEqual([9, 0]);
  });

  test("is nobody for a customer without parents, or that nobody knows", () => {
    const families = join(links);
    families.holdAncestors(3, 1);
    families.holdAncestors(99, 1);
    expect(heldOf(families, [1, 2, 3, 4, 5, 6, 99])).toEqual([]);
  });

  test("is found by both parents, when two readings name two", () => {
    const families = join([...links, [1, 5], [1, 5], [1, 2]]);
    families.holdAncestors(1, 3);
    expect(heldOf(families, [1, 2, 3, 4, 5, 6])).toEqual([2, 3, 5, 6]);
  });

  test("can be in a circle of parents: it ends", () => {
    const families = join([
      [1, 2],
      [2, 3],
      [3, 1],
    ]);
    families.holdAncestors(1, 0);
    expect(heldOf(families, [1, 2, 3])).toEqual([1, 2, 3]);
  });

  test("is known when it was joined later", () => {
    const families = join(links);
    families.holdAncestors(1, 17);
    families.join(8, 9);
    families.holdAncestors(8, 18);
    expect([2, 9].map((key) => families.heldFor(key))).toEqual([17, 18]);
  });

  test("is everybody who is reached by going up, in any web of parents", () => {
    fc.assert(
      fc.property(anyLinks, fc.array(anyKey, { maxLength: 3 }), (anyWeb, held) => {
        const families = join(anyWeb);
        for (const [cause, key] of held.entries()) families.holdAncestors(key, cause);
        const expected = new Set(held.flatMap((key) => above(anyWeb, key)));
        expect(heldOf(families, KEYS)).toEqual(KEYS.filter((key) => expected.has(key)));
        for (const key of KEYS) {
          const cause = families.heldFor(key);
          if (cause !== undefined) expect(cause).toBe(held.findIndex((from) => above(anyWeb, from).includes(key)));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

test("above a customer are more than above any of those, unless parents go round in a circle", () => {
  fc.assert(
    fc.property(anyLinks, (links) => {
      const families = join(links);
      for (const key of KEYS) {
        const ancestors = above(links, key).filter((one) => one !== key);
        const count = families.countAncestors(key, 99);
        for (const one of ancestors)
          if (!above(links, one).includes(one) && !above(links, key).includes(key))
            expect(families.countAncestors(one, 99)).toBeLessThan(count);
      }
    }),
  );
  expect(
    join([
      [3, 2],
      [2, 1],
      [3, 1],
    ]).countAncestors(3, 99),
  ).toBe(2);
  expect(join([]).countAncestors(1, 99)).toBe(0);
  const chain = join(Array.from({ length: 50 }, (_, key): Link => [key + 1, key]));
  expect([3, 20, 50].map((key) => chain.countAncestors(key, 10))).toEqual([3, 10, 10]);
});

test("many customers that arrive in any order keep their families apart", () => {
  const families = createFamilies();
  for (let index = 0; index < 30_000; index += 1) families.join(keyOf(index), keyOf(`parent ${index % 10_000}`));
  const places = new Map<number, number>();
  for (let index = 0; index < 30_000; index += 1) {
    const place = families.familyOf(keyOf(index));
    places.set(place, (places.get(place) ?? 0) + 1);
    if (place !== families.familyOf(keyOf(`parent ${index % 10_000}`))) expect(index).toBe("with its parent");
  }
  expect(places.size).toBe(10_000);
  expect(new Set(places.values())).toEqual(new Set([3]));
});
