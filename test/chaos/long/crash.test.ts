import { beforeAll, describe, expect, test } from "../../support/jest.ts";
import { countPosts, withoutPosts } from "../crash-end.ts";
import {
  atPost,
  atSlowPost,
  atWrite,
  BAD,
  expectRolledBack,
  runAbandoned,
  runKilled,
  runThroughDeaths,
  runUnharmed,
  THREE_WAVES,
  type Trap,
  TWO_BATCHES,
  type Unharmed,
} from "../crash-scenario.ts";

/** Every place alone is in matrix/crash-batches.test.ts and matrix/crash-operations.test.ts. */
describe("a worker that is killed continues in a new process and ends as if unharmed", () => {
  let unharmed: Unharmed;

  beforeAll(async () => {
    unharmed = await runUnharmed(TWO_BATCHES);
  });

  test("when the second batch has begun, and the first one is not recorded", async () => {
    expect(await runKilled(TWO_BATCHES, { trap: atPost(151, "arrived") })).toEqual(unharmed.end);
  });

  test("only a flip that is still on its way when the next process reads may be sent twice", async () => {
    const end = await runKilled(TWO_BATCHES, { trap: atSlowPost(125) });

    expect(withoutPosts(end)).toEqual(withoutPosts(unharmed.end));
    expect(countPosts(end) - countPosts(unharmed.end)).toBeLessThanOrEqual(1);
  });

  test("when process after process dies, each a few durable operations further", async () => {
    const { end, deaths } = await runThroughDeaths(TWO_BATCHES, (n) => ({ death: `after:${n * 6}` }));

    expect(deaths).toBeGreaterThan(2);
    expect(end).toEqual(unharmed.end);
  });
});

/** Every place alone is in matrix/crash-waves.test.ts, matrix/crash-waves-ledger.test.ts and matrix/crash-rollback.test.ts. */
describe("a rollout of three waves that rolls back, and is killed on its way, ends as if unharmed", () => {
  let unharmed: Unharmed;

  beforeAll(async () => {
    unharmed = await runUnharmed(THREE_WAVES);
  });

  test.each<[place: string, trap: (last: (about: string) => number) => Trap]>([
    ["between the last failure of a wave and its record", () => atPost(BAD, "answered")],
    ["when the batch with too many failures is recorded and not answered", () => atWrite(2, "done", "batch 2")],
    ["before the release is held", (last) => atWrite(last("control"), "arrived")],
    ["in the middle of the restores", () => atPost(BAD + 5, "written")],
    ["between the last restore and its record", (last) => atWrite(last("batch 0"), "arrived")],
    ["when the report is written and not answered", (last) => atWrite(last("record"), "done")],
  ])("%s", async (_place, toTrap) => {
    const last = (about: string) => unharmed.places.writes.lastIndexOf(about) + 1;

    const end = await runKilled(THREE_WAVES, { trap: toTrap(last) });
    // A rollback writes again to the customers that it had just restored.
    expect(withoutPosts(end)).toEqual(withoutPosts(unharmed.end));
  });

  test("also when it is killed for good, and another execution restores the rest", async () => {
    expectRolledBack(unharmed.end, await runAbandoned({ trap: atPost(BAD + 5, "written") }));
  });
});
