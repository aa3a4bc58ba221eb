import { test } from "../support/jest.ts";
import { playHistories } from "./random-runs/play-histories.ts";

test("no random history flips a customer that it must not, or loses what it did", async () => {
  await playHistories({ numRuns: 60, seed: 1 });
});
