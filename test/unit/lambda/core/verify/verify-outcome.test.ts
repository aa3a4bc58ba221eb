import type { Reading } from "../../../../../lambda/core/flip/flip-result.ts";
import type { Outcome } from "../../../../../lambda/core/flip/outcome.ts";
import { isWorthAnotherTry, verifyOutcome } from "../../../../../lambda/core/verify/verify-outcome.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aCustomer } from "../a-customer.ts";

const shows = (isStaging: boolean | undefined): Reading => ({ reading: "found", customer: aCustomer({ isStaging }) });
const flipped: Outcome = { customerId: "c", name: "", outcome: "flipped", reason: { code: "confirmed-by-reply" } };
const why = { code: "request-refused", operation: "flip", status: 409 } as const;
const failed: Outcome = { ...flipped, outcome: "failed", reason: { code: "may-be-flipped", why } };
const notApplied: Outcome = {
  ...flipped,
  outcome: "failed",
  reason: { code: "not-applied", isStaging: true, why: flipped.reason },
};

interface Row {
  readonly what: string;
  readonly outcome: Outcome;
  readonly reading: Reading;
  readonly expected: Outcome;
}

test.each<Row>([
  { what: "that shows the flag stays flipped", outcome: flipped, reading: shows(false), expected: flipped },
  { what: "that does not show it has failed", outcome: flipped, reading: shows(true), expected: notApplied },
  {
    what: "that failed and shows it after all is flipped",
    ...{ outcome: failed, reading: shows(false) },
    expected: { ...failed, outcome: "flipped", reason: { code: "confirmed-by-verification" } },
  },
  {
    what: "that failed before and does not show it stays failed",
    outcome: notApplied,
    reading: shows(true),
    expected: notApplied,
  },
  {
    what: "in doubt that does not show it was not moved so far",
    ...{ outcome: failed, reading: shows(true) },
    expected: { ...failed, reason: { code: "not-applied", isStaging: true, why } },
  },
  { what: "that is gone keeps its outcome", outcome: flipped, reading: { reading: "missing" }, expected: flipped },
  {
    what: "that cannot be read keeps its outcome",
    ...{ outcome: flipped, reading: { reading: "unreadable", reason: why }, expected: flipped },
  },
  { what: "without a flag keeps its outcome", outcome: flipped, reading: shows(undefined), expected: flipped },
])("a customer $what", ({ outcome, reading, expected }) => {
  expect(verifyOutcome({ outcome, reading, flag: false })).toEqual(expected);
});

test.each([
  [notApplied, true],
  [{ ...failed, reason: { code: "not-applied", isStaging: true, why } } as const, false],
  [failed, false],
])("only a flag that was confirmed and is not shown is sent again: %j", (outcome, isWorthIt) => {
  expect(isWorthAnotherTry(outcome)).toBe(isWorthIt);
});
