import fc from "fast-check";
import { allowedFailures, toWaveLimit } from "../../../../../lambda/core/gate/failure-limit.ts";
import { expect, test } from "../../../../support/jest.ts";

test.each([
  [5, 1_000, 1, 5],
  [5, 2, 1, 5],
  ["0%", 1_000_000, 1, 0],
  ["100%", 199, 1, 199],
  ["1%", 99, 1, 0],
  ["1%", 100, 1, 1],
  ["0.29%", 10_000, 1, 29],
  ["57.58%", 10_000, 1, 5_758],
  ["1%", 0, 1, 0],
  ["10%", 2, 20, 2],
  ["10%", 29, 20, 2],
  ["10%", 30, 20, 3],
  ["50%", 1, 1, 0],
  ["4.99%", 2, 20, 0],
  ["5%", 2, 20, 1],
  [1, 2, 1_000, 1],
])("a budget of %s for %d customers, with a sample of %d, lets %d fail", (budget, planned, sample, allowed) => {
  expect(allowedFailures(budget, planned, sample)).toBe(allowed);
});

test.each([
  ["1%", 6, 20, 0],
  ["5%", 6, 20, 1],
  ["1%", 654, 20, 6],
  ["10%", 2, 20, 1],
  ["10%", 3, 20, 2],
  [10, 11, 20, 10],
  [10, 10, 20, 9],
  [10, 1, 20, 0],
  ["99.99%", 2, 20, 1],
  ["100%", 2, 20, 2],
])("a budget of %s for a wave of %d, with a sample of %d, lets %d fail", (budget, planned, sample, allowed) => {
  const wave = { wave: 2, planned, failedBefore: 3 };
  expect(toWaveLimit(wave, budget, sample)).toEqual({ ...wave, allowed });
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
