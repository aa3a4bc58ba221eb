import { beforeAll, describe, expect, test } from "@jest/globals";
import { atBatchWrite, atPost, atSlowPost, expectSameEnd, type Trap } from "../crash-scenario.ts";
import { atWrite, BAD, expectTurnedBack, runAbandoned, runKilled, runUnharmed } from "../crash-waves-scenario.ts";

/** Every place alone is matrix/crash-operations.test.ts and matrix/crash-batches.test.ts. */
const PLACES: readonly (readonly [place: string, trap: Trap])[] = [
  ["when the first flip is written but not answered", atPost(1, "written")],
  ["between the last reply of a batch and its record", atBatchWrite(0, "came of it", "arrived")],
  ["when a batch is recorded but the ledger's reply is lost", atBatchWrite(0, "came of it", "done")],
  ["when the second batch has begun, and the first one is not recorded", atPost(251, "arrived")],
];

describe("a worker that is killed goes on in a new process and ends as if nothing had happened", () => {
  test.each(PLACES)("%s", async (_place, trap) => {
    expect(await expectSameEnd({ trap })).toBe(1);
  });

  test("a flip that is still on its way when the next process reads may be sent twice, and only that one", async () => {
    expect(await expectSameEnd({ trap: atSlowPost(125), extraPosts: 1 })).toBe(1);
  });

  test("when process after process dies, each a few durable operations further", async () => {
    expect(await expectSameEnd({ deathOf: (n) => `after:${n * 6}` })).toBeGreaterThan(2);
  });
});

/** Every place alone is matrix/crash-waves.test.ts, matrix/crash-waves-ledger.test.ts and matrix/crash-rollback.test.ts. */
describe("a rollout of three waves that is turned back, and killed on its way, ends as if nothing had happened", () => {
  let unharmed: Awaited<ReturnType<typeof runUnharmed>>;

  beforeAll(async () => {
    unharmed = await runUnharmed();
  });

  test.each<[place: string, trap: (last: (about: string) => number) => Trap]>([
    ["between the last failure of a wave and its record", () => atPost(BAD, "answered")],
    ["when the batch with too many failures is recorded and not answered", () => atWrite(2, "done", "batch 2")],
    ["before the release is held", (last) => atWrite(last("control"), "arrived")],
    ["in the middle of the flips back", () => atPost(BAD + 5, "written")],
    ["between the last flip back and its record", (last) => atWrite(last("batch 0"), "arrived")],
    ["when the report is written and not answered", (last) => atWrite(last("record"), "done")],
  ])("%s", async (_place, toTrap) => {
    const last = (about: string) => unharmed.places.writes.lastIndexOf(about) + 1;

    expect(await runKilled({ trap: toTrap(last) })).toEqual(unharmed.end);
  });

  test("also when it is killed for good, and another execution turns back the rest", async () => {
    expectTurnedBack(unharmed.end, await runAbandoned({ trap: atPost(BAD + 5, "written") }));
  });
});
