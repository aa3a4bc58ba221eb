import type { Reading } from "../../../../../lambda/core/flip/flip-result.ts";
import type { Outcome } from "../../../../../lambda/core/flip/outcome.ts";
import { isWorthAnotherTry, verifyOutcome } from "../../../../../lambda/core/verify/verify-outcome.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aCustomer } from "../a-customer.ts";

const shows = (isStaging: boolean | undefined): Reading => ({ reading: "found", customer: aCustomer({ isStaging }) });
const flipped: Outcome = { customerId: "c", name: "", outcome: "flipped", reason: { code: "confirmed-by-reply" } };
const why = { code: "request-refused", operation: "flip", status: 409 } as const;
const failed: Outcome = { ...flipped, outcome: "failed", reason: { code: "may-be-flipped", why } };
const NOT_APPLIED = { code: "not-applied", isStaging: true } as const;
const notApplied: Outcome = { ...flipped, outcome: "failed", reason: { ...NOT_APPLIED, why: flipped.reason } };
const found: Outcome = { ...failed, outcome: "flipped", reason: { code: "confirmed-by-verification" } };
const unread: Reading = { reading: "unreadable", reason: why };

test.each<[what: string, outcome: Outcome, reading: Reading, expected: Outcome]>([
  ["that shows the flag stays flipped", flipped, shows(false), flipped],
  ["that does not show it has failed", flipped, shows(true), notApplied],
  ["that failed and shows it after all is flipped", failed, shows(false), found],
  ["that failed before and does not show it stays failed", notApplied, shows(true), notApplied],
  [
    "in doubt that does not show it was not moved so far",
    ...([failed, shows(true), { ...failed, reason: { ...NOT_APPLIED, why } }] as const),
  ],
  ["that is gone keeps its outcome", flipped, { reading: "missing" }, flipped],
  ["that cannot be read keeps its outcome", flipped, unread, flipped],
  ["without a flag keeps its outcome", flipped, shows(undefined), flipped],
])("a customer %s", (_what, outcome, reading, expected) => {
  expect(verifyOutcome({ outcome, reading, flag: false })).toEqual(expected);
});

test.each([
  [notApplied, true],
  [{ ...failed, reason: { ...NOT_APPLIED, why } } as const, false],
  [failed, false],
])("only a flag that was confirmed and is not shown is sent again: %j", (outcome, isWorthIt) => {
  expect(isWorthAnotherTry(outcome)).toBe(isWorthIt);
});
