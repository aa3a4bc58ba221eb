import { findClosest } from "../../../../lambda/contract/find-closest.ts";
import { expect, test } from "../../../support/jest.ts";

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
  ["two neighbours swapped", "exclude", "exlcude"],
  ["two neighbours swapped in a short word", undefined, "lal"],
  ["the closest of two", "all-at-once", "all-at-onc"],
  ["nothing", undefined, ""],
  ["a very long word", undefined, "e".repeat(100_000)],
])("%s means %s", (_why, meant, word) => {
  expect(findClosest(word, KNOWN)).toBe(meant);
});
