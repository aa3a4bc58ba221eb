import { explain } from "../../../../../lambda/core/reasons.ts";
import { countDoneByWave } from "../../../../../lambda/core/report/wave-progress.ts";
import { expect, test } from "../../../../support/jest.ts";

const wave = (customers: number) => ({ wave: 1, from: 0, to: 1, customers, bakeSeconds: 0 });
const plan = {
  ...{ hash: "0", flip: 100, unchanged: 7, skipped: 3, batches: 3, settledItems: 1 },
  waves: [wave(10), wave(0), wave(30), wave(60)],
};
/** Of the plan alone. */
const settled = { flipped: 0, unchanged: 7, deferred: 0, skipped: 3, failed: 0 };

test.each<[what: string, counts: Partial<typeof settled>, done: readonly number[]]>([
  ["nothing before the first flip", {}, [0, 0, 0, 0]],
  ["flipped and failed customers, wave by wave", { flipped: 14, failed: 2 }, [10, 0, 6, 0]],
  ["every customer", { flipped: 99, unchanged: 8 }, [10, 0, 30, 60]],
])("counts %s", (_what, counts, done) => {
  expect(countDoneByWave({ plan, counts: { ...settled, ...counts } })).toEqual(done);
});

test("counts no customer that was not attempted", () => {
  const skippedBy = [{ ...explain({ code: "not-attempted", why: [] }), customers: 60 }];
  const counts = { ...settled, flipped: 40, skipped: 63 };
  expect(countDoneByWave({ plan, counts, skippedBy })).toEqual([10, 0, 30, 0]);
});
