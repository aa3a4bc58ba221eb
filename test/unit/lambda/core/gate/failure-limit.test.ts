import fc from "fast-check";
import { allowedFailures, toWaveLimit } from "../../../../../lambda/core/gate/failure-limit.ts";
import { expect, test } from "../../../../support/jest.ts";

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
  expect(allowedFailures(budget, planned, 1)).toBe(allowed);
});

test.each([
  { budget: "10%", planned: 2, sample: 20, allowed: 2 },
  { budget: "10%", planned: 19, sample: 20, allowed: 2 },
  { budget: "10%", planned: 20, sample: 20, allowed: 2 },
  { budget: "10%", planned: 29, sample: 20, allowed: 2 },
  { budget: "10%", planned: 30, sample: 20, allowed: 3 },
  { budget: "50%", planned: 2, sample: 1, allowed: 1 },
  { budget: "50%", planned: 1, sample: 1, allowed: 0 },
  { budget: "4.99%", planned: 2, sample: 20, allowed: 0 },
  { budget: "5%", planned: 2, sample: 20, allowed: 1 },
  { budget: "0%", planned: 2, sample: 1_000, allowed: 0 },
  { budget: 1, planned: 2, sample: 1_000, allowed: 1 },
])("a budget of $budget for $planned customers, with a sample of $sample, lets $allowed fail", (row) => {
  expect(allowedFailures(row.budget, row.planned, row.sample)).toBe(row.allowed);
});

test.each([
  { budget: "1%", planned: 6, sample: 20, allowed: 0 },
  { budget: "5%", planned: 6, sample: 20, allowed: 1 },
  { budget: "1%", planned: 6, sample: 100, allowed: 1 },
  { budget: "1%", planned: 654, sample: 20, allowed: 6 },
  { budget: "10%", planned: 2, sample: 20, allowed: 1 },
  { budget: "10%", planned: 3, sample: 20, allowed: 2 },
  { budget: 10, planned: 11, sample: 20, allowed: 10 },
  { budget: 10, planned: 10, sample: 20, allowed: 9 },
  { budget: 10, planned: 1, sample: 20, allowed: 0 },
  { budget: "99.99%", planned: 2, sample: 20, allowed: 1 },
  { budget: "100%", planned: 2, sample: 20, allowed: 2 },
])("a budget of $budget lets $allowed of a wave of $planned fail, with a sample of $sample", (row) => {
  const wave = { wave: 2, planned: row.planned, failedBefore: 3 };
  expect(toWaveLimit(wave, row.budget, row.sample)).toEqual({ ...wave, allowed: row.allowed });
});

test("a share is exact for each hundredth of a percent, number of customers and smallest sample", () => {
  const customers = fc.integer({ min: 0, max: 5_000_000 });
  const sample = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 5_000_000 }));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), customers, sample, (hundredths, planned, smallest) => {
      const share = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}%`;
      const of = BigInt(Math.max(planned, smallest));
      expect(BigInt(allowedFailures(share, planned, smallest))).toBe((of * BigInt(hundredths)) / 10_000n);
    }),
    { examples: [[10_000, 0, 1]] },
  );
});
