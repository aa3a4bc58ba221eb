import { describe, expect, test } from "../../support/jest.ts";
import { withoutPosts } from "../crash-end.ts";
import { atWrite, BAD, runKilled, runThroughDeaths, runUnharmed, THREE_WAVES, WAVES } from "../crash-scenario.ts";

/**
 * A rollout of three waves that is turned back is killed for real before and after each write to its checkpoints: where
 * each durable operation begins and ends. A second process goes on with it. Some 110 places, each about a second. Those
 * of its ledger are in matrix/crash-waves-ledger.test.ts, those that another execution's rollback answers in
 * matrix/crash-rollback.test.ts.
 */
const { end, places } = await runUnharmed(THREE_WAVES);

test("the rollout that is not killed flips three waves and restores them before the fourth", () => {
  expect(end).toMatchObject({
    status: "rolled-back",
    lock: undefined,
    report: {
      counts: { flipped: BAD - 1, failed: 1 },
      rollback: { restored: BAD - 1, conflicting: 0, failed: 0 },
      waves: [
        { customers: WAVES[0], decision: "proceed" },
        { customers: WAVES[1], decision: "proceed" },
        { customers: WAVES[2], decision: "roll back" },
      ],
    },
  });
  expect(end.changes.map((change) => (change as { change: string }).change)).toEqual([
    "started",
    ...["wave done", "gate decided", "wave done", "gate decided", "gate decided"],
    "rolled back",
    "ended",
  ]);
});

const CHECKPOINTS = Array.from({ length: places.checkpoints }, (_, index) => index + 1);

describe.each(["before", "after"])("killed %s a write to its checkpoints, a rollout ends as if unharmed", (side) => {
  test.each(CHECKPOINTS)("write %d", async (n) => {
    expect(withoutPosts(await runKilled(THREE_WAVES, { death: `${side}:${n}` }))).toEqual(withoutPosts(end));
  });
});

test("a rollout whose processes die at their third write of a batch ends as if unharmed", async () => {
  const again = await runThroughDeaths(THREE_WAVES, () => ({ trap: atWrite(3, "done", "batch") }));

  expect(again.deaths).toBeGreaterThan(3);
  expect(withoutPosts(again.end)).toEqual(withoutPosts(end));
});
