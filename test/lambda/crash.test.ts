import { describe, expect, test } from "@jest/globals";
import { atBatchWrite, atPost, expectSameEnd, type Trap } from "./crash-scenario.ts";

/** Every place alone is crash-operations.deep.ts and crash-batches.deep.ts. */
const PLACES: readonly (readonly [place: string, trap: Trap])[] = [
  ["when the first flip is written but not answered", atPost(1, "written")],
  ["between the last reply of a batch and its record", atBatchWrite(0, "came of it", "arrived")],
  ["when a batch is recorded but the ledger's reply is lost", atBatchWrite(0, "came of it", "done")],
];

describe("a worker that is killed goes on in a new process and ends as if nothing had happened", () => {
  test.each(PLACES)("%s", async (_place, trap) => {
    expect(await expectSameEnd({ trap })).toBe(1);
  });

  test("when every process dies at its next durable operation", async () => {
    expect(await expectSameEnd({ deathOf: (n) => `after:${n}` })).toBeGreaterThan(9);
  });
});
