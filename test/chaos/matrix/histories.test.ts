import { expect, test } from "../../support/jest.ts";
import { EVERY_END, playHistories } from "../random-runs/play-histories.ts";

/** The rarest end that is asked for, `partial`, comes in one history of two or three hundred: so many show it for certain. */
const HISTORIES = 5_000;

// Others each time. A failure prints its seed and the shortest history that shows it.
test("no new random history flips a customer that it must not, or loses what it did", async () => {
  expect(await playHistories({ numRuns: HISTORIES })).toEqual(expect.arrayContaining(EVERY_END));
});
