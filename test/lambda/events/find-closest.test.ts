import { expect, test } from "@jest/globals";
import { findClosest } from "../../../lambda/events/find-closest.ts";

const KNOWN = ["exclude", "targets", "id", "all", "customerIds", "all-at-once"];

test.each<[word: string, meant: string | undefined, why: string]>([
  ["exclude", "exclude", "the word itself"],
  ["exlude", "exclude", "a letter left out"],
  ["exclduee", "exclude", "two letters too many or swapped"],
  ["CUSTOMER_IDS", "customerIds", "another way to write it"],
  ["ids", "id", "one letter more in a short word"],
  ["al", "all", "one letter less in a short word"],
  ["a", undefined, "two letters less in a short word"],
  ["exlud", "exclude", "two letters left out"],
  ["exlu", undefined, "three letters left out"],
  ["include", "exclude", "two letters changed"],
  ["all_at_one", "all-at-once", "a letter left out of a word with hyphens"],
  ["", undefined, "nothing"],
  ["e".repeat(100_000), undefined, "a very long word"],
])("%.20s means %s: %s", (word, meant) => {
  expect(findClosest(word, KNOWN)).toBe(meant);
});
