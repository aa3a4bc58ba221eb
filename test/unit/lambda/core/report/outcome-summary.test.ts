import type { Outcome, OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import { explain, type Reason } from "../../../../../lambda/core/reasons.ts";
import { createOutcomeSummary } from "../../../../../lambda/core/report/outcome-summary.ts";
import { expect, test } from "../../../../support/jest.ts";

const PROTECTED: Reason = { code: "protected-by-policy", by: "tag", tag: "vip" };

const many = (count: number, outcome: OutcomeKind, reason: Reason = { code: "excluded" }): readonly Outcome[] =>
  Array.from({ length: count }, (_, index) => ({ customerId: `${outcome}-${index}`, name: "", outcome, reason }));

function sumUp(...items: readonly (readonly Outcome[])[]) {
  const { add, summary } = createOutcomeSummary();
  for (const outcomes of items) add(outcomes);
  return summary();
}

test("counts all outcomes, and all skipped customers by reason, the most frequent reason first", () => {
  const { counts, skippedBy } = sumUp(many(3, "flipped"), many(2, "skipped", PROTECTED), many(700, "skipped"));
  expect(counts).toEqual({ flipped: 3, unchanged: 0, deferred: 0, skipped: 702, failed: 0 });
  expect(skippedBy).toEqual([
    { ...explain({ code: "excluded" }), customers: 700 },
    { ...explain(PROTECTED), customers: 2 },
  ]);
});

test("counts failed customers by reason, and bounds how many reasons it names", () => {
  const refused = (status: number): Reason => ({ code: "request-refused", operation: "flip", status });
  const items = Array.from({ length: 60 }, (_, index) => many(1, "failed", refused(400 + index)));
  const { failedBy } = sumUp(...items, many(3, "failed", refused(400)));
  expect(failedBy).toHaveLength(51);
  expect(failedBy.reduce((sum, { customers }) => sum + customers, 0)).toBe(63);
  expect(failedBy[0]).toMatchObject({ code: "request-refused", customers: 10 });
});

test("keeps the first hundred exceptions, failed customers first", () => {
  const { exceptions } = sumUp(many(2, "flipped"), many(2, "unchanged"), many(90, "skipped"), many(20, "failed"));
  expect(exceptions.map(({ outcome }) => outcome)).toEqual([
    ...many(20, "failed").map(({ outcome }) => outcome),
    ...many(80, "skipped").map(({ outcome }) => outcome),
  ]);
  expect(sumUp(many(1, "deferred")).exceptions).toHaveLength(1);
});
