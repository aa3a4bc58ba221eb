import { describe, expect, test } from "../../support/jest.ts";
import { withoutPosts } from "../crash-end.ts";
import { atPost, atWrite, BAD, runKilled, runUnharmed, THREE_WAVES, WAVES } from "../crash-scenario.ts";

/**
 * A rollout of three waves that is turned back is killed for real before and after each write to its ledger, and at
 * flips that stand for the others; a second process goes on with it. Some 110 places, each about a second. Those of its
 * checkpoints are in matrix/crash-waves.test.ts.
 */
const { end, places } = await runUnharmed(THREE_WAVES);

const WRITES = places.writes.map((about, index) => ({ n: index + 1, about }));

describe.each([
  ["before a write to the ledger is done", "arrived"],
  ["when a write to the ledger is done and not answered", "done"],
] as const)("killed %s, a rollout ends as if unharmed", (_when, phase) => {
  test.each(WRITES)("write $n, of $about", async ({ n }) => {
    expect(withoutPosts(await runKilled(THREE_WAVES, { trap: atWrite(n, phase) }))).toEqual(withoutPosts(end));
  });
});

/** The first and the last of each wave, and of those who are flipped back. */
const FLIPS = [1, WAVES[0], WAVES[0] + 1, WAVES[0] + WAVES[1], WAVES[0] + WAVES[1] + 1, BAD - 1, BAD + 1, places.posts];
/** The bad one is never written. */
const toSeen = (flip: number, phase: string) => (phase === "written" && flip > BAD ? flip - 1 : flip);

describe.each(["arrived", "written", "answered"] as const)(
  "killed when a flip is %s, a rollout ends as if unharmed",
  (phase) => {
    test.each(FLIPS)("flip %d", async (n) => {
      expect(withoutPosts(await runKilled(THREE_WAVES, { trap: atPost(toSeen(n, phase), phase) }))).toEqual(
        withoutPosts(end),
      );
    });
  },
);

test("killed when the flip arrives that will fail, a rollout ends as if unharmed", async () => {
  expect(withoutPosts(await runKilled(THREE_WAVES, { trap: atPost(BAD, "arrived") }))).toEqual(withoutPosts(end));
});
