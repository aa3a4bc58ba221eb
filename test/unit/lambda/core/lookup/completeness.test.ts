import fc from "fast-check";
import { hashId, judgePasses, type Pass, toIds } from "../../../../../lambda/core/lookup/completeness.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

/** A pass that saw these ids, whose first and last page counted so many. */
function aPass(seen: readonly string[], first?: number, last: number | undefined = first, ended = true): Pass {
  return { ids: new Set(toIds(Buffer.concat(seen.map(hashId)))), firstTotal: first, lastTotal: last, ended };
}

const [A, B, C, D] = ["a", "b", "c", "d"] as const;

describe("a lookup", () => {
  const repeating = aPass([A, B], undefined, undefined, false);

  test.each<[what: string, ...passes: readonly Pass[]]>([
    ["as many as counted", aPass([A, B, C], 3)],
    ["no customer where none is counted", aPass([], 0)],
    ["short, then as many as counted", aPass([A, B], 3), aPass([A, B, C], 3)],
    ["a new customer, then as many as counted", aPass([A, B], 3), aPass([A, B, C, D], 4)],
    ["the same twice without a count", aPass([A, B]), aPass([A, B])],
    ["the same twice, more than counted", aPass([A, B, C], 2), aPass([A, B, C], 2)],
    ["the same twice, as many as counted last", aPass([A, B, C], 2, 3), aPass([A, B, C], 2, 3)],
    ["a count that rises, all of the first pass and more", aPass([A, B], 2, 3), aPass([A, B, C], 3, 4)],
  ])("is complete with %s", (_what, ...passes) => {
    expect(judgePasses(passes).verdict).toBe("complete");
  });

  test.each<[what: string, ...passes: readonly Pass[]]>([
    ["no pass"],
    ["one less than counted", aPass([A, B], 3)],
    ["one more than counted", aPass([A, B, C, D], 3)],
    ["a count that moved, the last one right", aPass([A, B, C], 2, 3)],
    ["a count that moved, the first one right", aPass([A, B, C], 3, 4)],
    ["no count at all", aPass([A, B, C])],
    ["no count on the last page", { ...aPass([A, B, C], 3), lastTotal: undefined }],
  ])("is read again after %s", (_what, ...passes) => {
    expect(judgePasses(passes).verdict).toBe("read again");
  });

  test.each<[what: string, ...passes: readonly Pass[]]>([
    ["the same twice, one less than counted", aPass([A, B], 3), aPass([A, B], 3)],
    ["the same twice, less than counted last", aPass([A, B], 2, 3), aPass([A, B], 2, 3)],
    ["a count that rises, but a customer of the first is gone", aPass([A, B], 2, 3), aPass([A, C, D], 3, 4)],
    ["a count that rises, one less than counted at first", aPass([A, B], 2, 3), aPass([A, B], 3, 4)],
    ["a count that falls between the passes", aPass([A, B], 2, 4), aPass([A, B, C], 3, 4)],
    ["one more the second time, more than a count that stays", aPass([A, B, C], 2), aPass([A, B, C, D], 2)],
    ["as many twice, but others", aPass([A, B]), aPass([A, C])],
    ["one less the second time, without a count", aPass([A, B, C]), aPass([A, B])],
    ["one more the second time, without a count", aPass([A, B]), aPass([A, B, C])],
    ["the same twice, from pages that repeat themselves", repeating, repeating],
    ["the same twice, the first time from pages that repeat themselves", repeating, aPass([A, B])],
    ["the same twice, the second time from pages that repeat themselves", aPass([A, B]), repeating],
  ])("is incomplete with %s", (_what, ...passes) => {
    expect(judgePasses(passes).verdict).toBe("incomplete");
  });

  test("that is incomplete says what each pass saw", () => {
    expect(judgePasses([aPass([A, B], 3), aPass([A, C], 3, 4)])).toEqual({
      verdict: "incomplete",
      seen: "pass 1 saw 2 customers where Evo Voice counts 3; pass 2 saw 2 customers where Evo Voice counts 3, then 4",
    });
  });

  test("that misses a customer is never accepted while the server counts right", () => {
    const allIds = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 40 });
    const missing = allIds.chain((ids) =>
      fc.record({
        ids: fc.constant(ids),
        first: fc.array(fc.constantFrom(...ids)),
        second: fc.array(fc.constantFrom(...ids)).map((seen) => seen.filter((id) => id !== ids[0])),
        agree: fc.boolean(),
        ended: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(missing, ({ ids, first, second, agree, ended }) => {
        const short = aPass(second, ids.length, ids.length, ended);
        expect(judgePasses([short]).verdict).toBe("read again");
        expect(judgePasses([agree ? short : aPass(first, ids.length), short]).verdict).toBe("incomplete");
      }),
    );
  });
});

test("the hashes of a page are read back one by one, wherever they stand in memory", () => {
  const hashes = Buffer.concat([A, B, A].map(hashId));
  const shifted = Buffer.concat([Buffer.alloc(1), hashes]).subarray(1);
  const expected = [A, B, A].map((id) => hashId(id).readBigUInt64LE());
  expect([...toIds(shifted)]).toEqual(expected);
});
