import { describe, expect, test } from "../../support/jest.ts";
import { atBatchWrite, atPost, atReading, runKilled, runUnharmed, type Trap, TWO_BATCHES } from "../crash-scenario.ts";

const { end } = await runUnharmed(TWO_BATCHES);

/** The first batch has 150 flips, the second one the rest. */
const PLACES: readonly (readonly [place: string, trap: Trap])[] = [
  ["before a batch is read afresh", atReading(1)],
  ["before it is written what is intended", atBatchWrite(0, "intended", "arrived")],
  ["when it is written what is intended, before the first flip", atBatchWrite(0, "intended", "done")],
  ["when the first flip arrives", atPost(1, "arrived")],
  ["when the first flip is written but not answered", atPost(1, "written")],
  ["when the first flip is answered", atPost(1, "answered")],
  ["in the middle, when a flip arrives", atPost(75, "arrived")],
  ["in the middle, when a flip is written but not answered", atPost(75, "written")],
  ["in the middle, when a flip is answered", atPost(75, "answered")],
  ["when the last flip is written but not answered", atPost(150, "written")],
  ["when the last flip is answered", atPost(150, "answered")],
  ["between the last reply and the record", atBatchWrite(0, "came of it", "arrived")],
  ["when the batch is recorded but the ledger's reply is lost", atBatchWrite(0, "came of it", "done")],
  ["before the second batch is read afresh, while the first one is flipped", atReading(3)],
  [
    "when it is written what the second batch intends, while the first one is flipped",
    atBatchWrite(1, "intended", "done"),
  ],
  ["when the second batch has begun, and the first one is not recorded", atPost(151, "arrived")],
  ["in the middle of the second batch", atPost(160, "written")],
  ["between the last reply of all and its record", atBatchWrite(1, "came of it", "arrived")],
];

describe("a worker that is killed within a batch ends as if unharmed, and flips no customer again", () => {
  test.each(PLACES)("%s", async (_place, trap) => {
    expect(await runKilled(TWO_BATCHES, { trap })).toEqual(end);
  });
});
