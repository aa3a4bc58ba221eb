import { test } from "@jest/globals";
import { playHistories } from "./random-runs/play-histories.ts";

test("no random history flips whom it must not, or loses what it did; `npm run test:most` plays five hundred", async () => {
  await playHistories({ numRuns: 60, seed: 1 });
});
