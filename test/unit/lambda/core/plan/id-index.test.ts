import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { indexIds } from "../../../../../lambda/core/plan/id-index.ts";

test("every id is found at its place, and no other id is", () => {
  const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 60 });
  fc.assert(
    fc.property(ids, fc.nat({ max: 60 }), (all, count) => {
      const there = all.slice(0, count);
      const index = indexIds(there.length, (place) => there[place] as string);
      expect(all.map(index.find)).toEqual(all.map((id) => (there.includes(id) ? there.indexOf(id) : undefined)));
    }),
  );
});

test("of an id that stands in several places, the last one counts", () => {
  const ids = ["a", "b", "a", "a", "c"];
  const index = indexIds(ids.length, (place) => ids[place] as string);
  expect(["a", "b", "c", "d"].map(index.find)).toEqual([3, 1, 4, undefined]);
});
