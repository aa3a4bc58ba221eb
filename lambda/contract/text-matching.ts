import * as z from "zod";

/** A text that matches a pattern; `expected` is the message of every problem. */
export function textMatching(pattern: RegExp, expected: string) {
  return z.string({ error: expected }).regex(pattern, expected);
}

/** One line without control characters. */
export function lineOf(least: number, most: number, expected: string) {
  return textMatching(new RegExp(`^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{${least},${most}}$`, "u"), expected);
}
