import { describe, expect, test } from "@jest/globals";
import { advance, describeStep, renderProgress, startProgress } from "../../../../local/start/progress.ts";
import type { LogLine } from "../../../../local/start/worker-process.ts";

const LOG: readonly LogLine[] = [
  { message: "execution running" },
  { message: "looked up", found: 5_000, done: true },
  { message: "planned", flip: 2_000, unchanged: 2_900, skipped: 100 },
  { message: "batch recorded", done: 500, total: 2_000, failed: 3 },
  { message: "rollout ended", status: "succeeded" },
];

/** The live line after so many lines of the log, one a second, and another second. */
function lineAfter(lines: number, columns = 80): string {
  const progress = LOG.slice(0, lines).reduce(
    (before, line, index) => advance(before, line, (index + 1) * 1_000),
    startProgress(0),
  );
  return renderProgress(progress, (lines + 1) * 1_000, columns);
}

test("the live line follows the worker's log from phase to phase", () => {
  expect(LOG.map((_, index) => lineAfter(index).split("   ")[0])).toEqual([
    "starting",
    "looking up",
    "planning",
    "flipping 0/2,000",
    "flipping 500/2,000",
  ]);
  expect(lineAfter(5)).toMatch(/^closing/);
});

test("during the flips the line shows the counts, the pace and the remaining time", () => {
  expect(lineAfter(4)).toBe("flipping 500/2,000   3 failed   250/s   6 s left");
});

describe("a rollout that waits", () => {
  const flips = [
    { message: "planned", flip: 2_000, unchanged: 0, skipped: 0 },
    { message: "batch recorded", done: 500, total: 2_000, failed: 0, wave: 1, waves: 3 },
  ];
  /** The live line 2 seconds after the last of these lines, which come one a second. */
  const lineFollowing = (...lines: readonly LogLine[]) =>
    renderProgress(
      [...flips, ...lines].reduce((before, line, index) => advance(before, line, index * 1_000), startProgress(0)),
      (flips.length + lines.length + 1) * 1_000,
      80,
    );
  const CODES: Readonly<Record<string, readonly string[]>> = {
    "the bake": ["baking"],
    "the wait before the next try": ["delayed"],
    "nothing any more": [],
  };
  const waits = (heldBy: string, more: LogLine = {}) => ({
    ...{ message: "rollout waits", heldBy, codes: CODES[heldBy] ?? ["paused"] },
    ...more,
  });
  const noData = "alarm calls-drop has no data (INSUFFICIENT_DATA)";

  test("in a bake shows the wave and the remaining time", () => {
    expect(lineFollowing(waits("the bake", { bakeLeftSeconds: 300 }))).toBe("baking   wave 1 of 3   4 min 58 s left");
    expect(lineFollowing(waits("the bake", { bakeLeftSeconds: 1 }))).toBe("baking   wave 1 of 3   0 s left");
  });

  test("for an alarm without data, or in a pause, shows the cause", () => {
    expect(lineFollowing(waits(noData, { bakeLeftSeconds: 240 }))).toBe(`held   wave 1 of 3   2 s   ${noData}`);
    expect(lineFollowing(waits("paused"))).toBe("held   wave 1 of 3   2 s   paused");
  });

  test("to begin shows what for", () => {
    const line = { message: "rollout waits to begin", heldBy: "rollout promote-1 is running" };
    expect(renderProgress(advance(startProgress(0), line, 0), 30_000, 80)).toBe(
      "waiting to begin   30 s   rollout promote-1 is running",
    );
  });

  test.each([
    ["roll back", /^rolling back {3}2 s/],
    ["halt", /^closing {3}2 s/],
  ])("follows a gate that decides %s", (decision, line) => {
    expect(lineFollowing(waits("the bake"), waits("nothing any more", { decision }))).toMatch(line);
  });

  test("during a rollback continues with the rollback", () => {
    const back = { message: "batch rolled back", batch: 0 };
    expect(lineFollowing(back, waits("paused"), waits("nothing any more", { decision: "proceed" }))).toMatch(
      /^rolling back/,
    );
  });

  test.each([
    [waits("the bake", { bakeLeftSeconds: 300 }), "baking, 5 min left"],
    [waits("the wait before the next try", { bakeLeftSeconds: 60 }), "delayed, 1 min left"],
    [waits(noData), `held: ${noData}`],
    [waits("nothing any more"), "continuing"],
    [{ message: "rollout waits to begin", heldBy: "promote-1 runs" }, "waiting to begin: promote-1 runs"],
  ])("is described without a terminal: %j, %s", (line, text) => {
    expect(describeStep(line)).toBe(text);
  });
});

test("a rollback is shown with its time", () => {
  const flipped = advance(startProgress(0), { message: "batch recorded", done: 1, total: 2, failed: 0 }, 1);
  const back = advance(flipped, { message: "batch rolled back", batch: 0, restored: 1 }, 1_000);
  expect(renderProgress(back, 3_000, 80)).toBe("rolling back   2 s");
});

test("another invocation of the same execution does not reset the progress", () => {
  const progress = advance(startProgress(0), { message: "batch recorded", done: 1, total: 2, failed: 0 }, 1);
  expect(advance(progress, { message: "execution running" }, 2)).toEqual(progress);
});

describe("a narrow terminal shows fewer parts", () => {
  test.each([
    [50, "flipping 500/2,000   3 failed   250/s   6 s left"],
    [40, "flipping 500/2,000   3 failed   250/s"],
    [30, "flipping 500/2,000   3 failed"],
    [20, "flipping 500/2,000"],
    [10, ""],
  ])("%i columns", (columns, line) => {
    expect(lineAfter(4, columns)).toBe(line);
  });
});
