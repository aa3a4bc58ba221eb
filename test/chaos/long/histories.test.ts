import { expect, test } from "../../support/jest.ts";
import { EVERY_END, playHistories } from "../random-runs/play-histories.ts";

// The same three hundred each time: `matrix/histories.test.ts` looks for new ones. The rarest end, `partial`, comes four times.
test("no random history flips a customer that it must not, or loses what it did", async () => {
  expect(await playHistories({ numRuns: 300, seed: 2 })).toEqual(expect.arrayContaining(EVERY_END));
});
