import { describeLive } from "../../../cli/describe-answer.ts";
import { createAdviceWriter } from "../../../cli/write-advice.ts";
import type { Report } from "../../../lambda/core/report/report.ts";
import { expect, test } from "../../support/jest.ts";

const TYPED = { program: ["cutover"], words: ["status"], deployment: ["--sandbox"] };
const waveOf = (wave: number, customers: number, more = {}) => ({
  ...{ wave, from: wave - 1, to: wave, customers, bakeSeconds: wave < 3 ? 600 : 0 },
  ...more,
});
const waves = [waveOf(1, 20), waveOf(2, 245), waveOf(3, 1_000, { approvalSeconds: 86_400 })];
const settled = { flipped: 0, unchanged: 7, deferred: 0, skipped: 3, failed: 0 };
const NOW = { since: "2026-11-23T02:00:00.000Z", heldBy: [], noted: [] };

function show(progress: Partial<NonNullable<Report["progress"]>>, changes: Partial<Report> = {}): string {
  const report: Report = {
    ...{ rolloutId: "promote-1", action: "promote", release: "1.0", status: "running", dryRun: false },
    plan: { hash: "9bed8e4e9dba", flip: 1_265, unchanged: 7, skipped: 3, batches: 6, settledItems: 1, waves },
    ...{ counts: { ...settled, flipped: 265 }, exceptions: [], moreExceptions: 0 },
    ...{ startedAt: NOW.since, durationMs: 1_000 },
    progress: { ...NOW, phase: "baking", wave: 2, ...progress },
    ...changes,
  };
  return describeLive(report, createAdviceWriter(TYPED))
    .map(({ text }) => text)
    .join("\n");
}

test("the view says what each wave did, does or waits for, and how long a bake lasts", () => {
  expect(show({ bakeLeftSeconds: 570 })).toBe(`promote 1.0
  running, wave 2 of 3, baking, 9 min 30 s left
  1 ████████████████ 20/20  proceeded
  2 ████████████████ 245/245  bakes for 10 min
  3 ░░░░░░░░░░░░░░░░ 0/1,000  not started, needs an approval
  265 flipped, 7 unchanged, 3 skipped`);
});

test.each([
  { flipped: 1_265, rollback: undefined, results: ["proceeded", "proceeded", "proceeded"] },
  { flipped: 28, rollback: undefined, results: ["proceeded", "stopped", "not started, needs an approval"] },
  {
    ...{ flipped: 20, rollback: { restored: 20, conflicting: 0, failed: 0 } },
    results: ["rolled back", "not started", "not started, needs an approval"],
  },
])(
  "while a rollout of $flipped flipped customers closes, the waves read $results",
  ({ flipped, rollback, results }) => {
    const text = show({ phase: "ending", wave: undefined }, { counts: { ...settled, flipped }, rollback });
    expect(Array.from(text.matchAll(/\d {2}([a-z ,]+)$/gm), ([, result]) => result)).toEqual(results);
  },
);

test("the view of a rollout that waits for an approval says how to answer, word for word", () => {
  const text = show({ phase: "waiting for approval", wave: 3 });
  for (const answer of ["approve", "reject"])
    expect(text).toContain(`\n  cutover ${answer} promote-1 --plan 9bed8e4e9dba --wave 3 --reason WHY --sandbox`);
});

test("the view shows neighbours of many waves in one row", () => {
  const many = Array.from({ length: 40 }, (_, index) => waveOf(index + 1, 10, { bakeSeconds: 60 }));
  const plan = { hash: "0", flip: 400, unchanged: 7, skipped: 3, batches: 40, settledItems: 1, waves: many };
  expect(show({ phase: "flipping", wave: 21 }, { plan, counts: { ...settled, flipped: 204 } })).toContain(
    `
   1–20 ████████████████ 200/200  proceeded
     21 ██████░░░░░░░░░░ 4/10  flipping
  22–40 ░░░░░░░░░░░░░░░░ 0/190  not started
`,
  );
});

test.each([
  { restored: 0, line: "20 not restored yet" },
  { restored: 3, line: "3 restored, 17 not restored yet" },
])("the view of a rollback says how many customers are restored: $line", ({ restored, line }) => {
  const rollback = { restored, conflicting: 0, failed: 20 - restored };
  const counts = { ...settled, unchanged: 0, skipped: 0 };
  const action = { action: "rollback", plan: undefined, counts, rollback } as const;
  expect(show({ phase: "rolling back", wave: undefined }, action)).toBe(
    `rollback 1.0\n  running, rolling back\n  ${line}`,
  );
});
