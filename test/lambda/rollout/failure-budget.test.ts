import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { allowedFailures } from "../../../lambda/rollout/failure-budget.ts";

test.each([
  { budget: 0, planned: 1_000, allowed: 0 },
  { budget: 5, planned: 1_000, allowed: 5 },
  { budget: 5, planned: 2, allowed: 5 },
  { budget: "0%", planned: 1_000_000, allowed: 0 },
  { budget: "100%", planned: 199, allowed: 199 },
  { budget: "1%", planned: 99, allowed: 0 },
  { budget: "1%", planned: 100, allowed: 1 },
  { budget: "1%", planned: 199, allowed: 1 },
  { budget: "1%", planned: 200, allowed: 2 },
  { budget: "0.5%", planned: 199, allowed: 0 },
  { budget: "0.5%", planned: 200, allowed: 1 },
  { budget: "0.5%", planned: 201, allowed: 1 },
  { budget: "0.01%", planned: 9_999, allowed: 0 },
  { budget: "0.01%", planned: 10_000, allowed: 1 },
  { budget: "0.29%", planned: 10_000, allowed: 29 },
  { budget: "1.15%", planned: 10_000, allowed: 115 },
  { budget: "57.58%", planned: 10_000, allowed: 5_758 },
  { budget: "1%", planned: 0, allowed: 0 },
])("a budget of $budget for $planned customers lets $allowed fail", ({ budget, planned, allowed }) => {
  expect(allowedFailures(budget, planned)).toBe(allowed);
});

test("a share is exact for every hundredth of a percent and any number of customers", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 5_000_000 }), (hundredths, planned) => {
      const share = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}%`;
      expect(BigInt(allowedFailures(share, planned))).toBe((BigInt(planned) * BigInt(hundredths)) / 10_000n);
    }),
  );
});
