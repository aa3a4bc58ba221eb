import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { findClosest } from "../../../lambda/contract/find-closest.ts";

const KNOWN = ["exclude", "targets", "id", "all", "customerIds", "all-at-once"];

test.each<[why: string, meant: string | undefined, word: string]>([
  ["the word itself", "exclude", "exclude"],
  ["a letter left out", "exclude", "exlude"],
  ["two letters too many or swapped", "exclude", "exclduee"],
  ["another way to write it", "customerIds", "CUSTOMER_IDS"],
  ["one letter more in a short word", "id", "ids"],
  ["one letter less in a short word", "all", "al"],
  ["two letters less in a short word", undefined, "a"],
  ["two letters left out", "exclude", "exlud"],
  ["three letters left out", undefined, "exlu"],
  ["two letters changed", "exclude", "include"],
  ["a letter left out of a word with hyphens", "all-at-once", "all_at_one"],
  ["nothing", undefined, ""],
  ["a very long word", undefined, "e".repeat(100_000)],
])("%s means %s", (_why, meant, word) => {
  expect(findClosest(word, KNOWN)).toBe(meant);
});

test("a word is meant by another exactly when that many errors make the one of the other", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 5, maxLength: 7 });
  fc.assert(
    fc.property(word, word, (came, known) => {
      expect(findClosest(came, [known])).toBe(countErrors(came, known) <= 2 ? known : undefined);
    }),
    { numRuns: 500 },
  );
});

/** By the definition: at the ends of both words a letter is the same, changed, added, left out, or swapped with the one before. */
function countErrors(a: string, b: string): number {
  if (a === "" || b === "") return a.length + b.length;
  const [short, shorter] = [a.slice(0, -1), b.slice(0, -1)];
  if (a.at(-1) === b.at(-1)) return countErrors(short, shorter);
  const isSwapped = a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1) && a.length > 1;
  const unswapped = isSwapped ? countErrors(a.slice(0, -2), b.slice(0, -2)) : Number.POSITIVE_INFINITY;
  return 1 + Math.min(countErrors(short, shorter), countErrors(short, b), countErrors(a, shorter), unswapped);
}
