import { textMatching } from "./text-matching.ts";

/** The hash of a plan, as reports show it: whole, or its beginning. */
export const PlanHash = textMatching(
  /^[\da-f]{12,64}$/,
  "expected a plan's hash, or its first 12 or more characters: digits and letters from a to f",
);
