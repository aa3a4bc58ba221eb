import * as z from "zod";

/** A text that matches a pattern; `expected` is the message of every problem. */
export function textMatching(pattern: RegExp, expected: string) {
  return z.string({ error: expected }).regex(pattern, expected);
}

/** One line without control characters. */
export function lineOf(least: number, most: number, expected: string) {
  return textMatching(new RegExp(`^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{${least},${most}}$`, "u"), expected);
}

/** One line that a person writes and the report shows. */
export function oneLineText(what: string, most: number) {
  return z
    .string({ error: "expected a text" })
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, "expected one line without control characters")
    .refine(hasNoCredentials, "expected a text without a user name and password in an address")
    .min(1, "expected a text that is not empty")
    .max(most, `expected at most ${most} characters`)
    .describe(what);
}

/** The report and the ledger show these texts, so an address with a password is refused. */
export function hasNoCredentials(text: string): boolean {
  return !/\/\/[^/\s@]{1,600}:[^\s@]{1,600}@/.test(text.slice(0, 1_000));
}
