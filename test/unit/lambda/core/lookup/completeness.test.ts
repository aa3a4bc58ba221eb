import fc from "fast-check";
import {
  type Completeness,
  hashId,
  judgePasses,
  type Pass,
  toIds,
} from "../../../../../lambda/core/lookup/completeness.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

/** A pass that saw these ids, whose first and last page counted so many. */
function aPass(seen: readonly string[], first?: number, last: number | undefined = first, ended = true): Pass {
  return { ids: new Set(toIds(Buffer.concat(seen.map(hashId)))), firstTotal: first, lastTotal: last, ended };
}

const [A, B, C, D] = ["a", "b", "c", "d"] as const;
const GROWN = [aPass([A, B], 2, 3), aPass([A, B, C], 3, 4)];

describe("a lookup", () => {
  test.each<{ what: string; passes: readonly Pass[]; verdict: Completeness["verdict"] }>([
    { what: "no pass", passes: [], verdict: "read again" },
    { what: "as many as counted", passes: [aPass([A, B, C], 3)], verdict: "complete" },
    { what: "no customer where none is counted", passes: [aPass([], 0)], verdict: "complete" },
    { what: "one less than counted", passes: [aPass([A, B], 3)], verdict: "read again" },
    { what: "one more than counted", passes: [aPass([A, B, C, D], 3)], verdict: "read again" },
    { what: "a count that moved, the last one right", passes: [aPass([A, B, C], 2, 3)], verdict: "read again" },
    { what: "a count that moved, the first one right", passes: [aPass([A, B, C], 3, 4)], verdict: "read again" },
    { what: "no count at all", passes: [aPass([A, B, C])], verdict: "read again" },
    {
      what: "no count on the last page",
      passes: [{ ...aPass([A, B, C], 3), lastTotal: undefined }],
      verdict: "read again",
    },
    { what: "short, then as many as counted", passes: [aPass([A, B], 3), aPass([A, B, C], 3)], verdict: "complete" },
    {
      what: "a new customer, then as many as counted",
      passes: [aPass([A, B], 3), aPass([A, B, C, D], 4)],
      verdict: "complete",
    },
    { what: "the same twice without a count", passes: [aPass([A, B]), aPass([A, B])], verdict: "complete" },
    {
      what: "the same twice, more than counted",
      passes: [aPass([A, B, C], 2), aPass([A, B, C], 2)],
      verdict: "complete",
    },
    {
      what: "the same twice, as many as counted last",
      passes: [aPass([A, B, C], 2, 3), aPass([A, B, C], 2, 3)],
      verdict: "complete",
    },
    {
      what: "the same twice, one less than counted",
      passes: [aPass([A, B], 3), aPass([A, B], 3)],
      verdict: "incomplete",
    },
    {
      what: "the same twice, less than counted last",
      passes: [aPass([A, B], 2, 3), aPass([A, B], 2, 3)],
      verdict: "incomplete",
    },
    { what: "a count that rises, all of the first pass and more", passes: GROWN, verdict: "complete" },
    {
      what: "a count that rises, but a customer of the first pass is gone",
      passes: [aPass([A, B], 2, 3), aPass([A, C, D], 3, 4)],
      verdict: "incomplete",
    },
    {
      what: "a count that rises, one less than counted at first",
      passes: [aPass([A, B], 2, 3), aPass([A, B], 3, 4)],
      verdict: "incomplete",
    },
    {
      what: "a count that falls between the passes",
      passes: [aPass([A, B], 2, 4), aPass([A, B, C], 3, 4)],
      verdict: "incomplete",
    },
    {
      what: "one more the second time, more than a count that stays",
      passes: [aPass([A, B, C], 2), aPass([A, B, C, D], 2)],
      verdict: "incomplete",
    },
    { what: "as many twice, but others", passes: [aPass([A, B]), aPass([A, C])], verdict: "incomplete" },
    {
      what: "one less the second time, without a count",
      passes: [aPass([A, B, C]), aPass([A, B])],
      verdict: "incomplete",
    },
    {
      what: "one more the second time, without a count",
      passes: [aPass([A, B]), aPass([A, B, C])],
      verdict: "incomplete",
    },
    {
      what: "the same twice, from pages that repeat themselves",
      passes: [aPass([A, B], undefined, undefined, false), aPass([A, B], undefined, undefined, false)],
      verdict: "incomplete",
    },
    {
      what: "the same twice, the first time from pages that repeat themselves",
      passes: [aPass([A, B], undefined, undefined, false), aPass([A, B])],
      verdict: "incomplete",
    },
    {
      what: "the same twice, the second time from pages that repeat themselves",
      passes: [aPass([A, B]), aPass([A, B], undefined, undefined, false)],
      verdict: "incomplete",
    },
  ])("of $what: $verdict", ({ passes, verdict }) => {
    expect(judgePasses(passes).verdict).toBe(verdict);
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
