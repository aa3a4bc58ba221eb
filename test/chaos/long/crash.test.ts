import { beforeAll, describe, expect, test } from "../../support/jest.ts";
import { countPosts, withoutPosts } from "../crash-end.ts";
import {
  atPost,
  atSlowPost,
  atWrite,
  BAD,
  type Crash,
  expectRolledBack,
  runAbandoned,
  runKilled,
  runThroughDeaths,
  runUnharmed,
  THREE_WAVES,
  TWO_BATCHES,
  type Unharmed,
} from "../crash-scenario.ts";

/** Every place alone is in matrix/crash-batches.test.ts and matrix/crash-operations.test.ts. */
describe("a worker that is killed continues in a new process and ends as if unharmed", () => {
  let unharmed: Unharmed;

  beforeAll(async () => {
    unharmed = await runUnharmed(TWO_BATCHES);
  });

  test("only a flip that is still on its way when the next process reads may be sent twice", async () => {
    const end = await runKilled(TWO_BATCHES, { trap: atSlowPost(125) });

    expect(withoutPosts(end)).toEqual(withoutPosts(unharmed.end));
    expect(countPosts(end) - countPosts(unharmed.end)).toBeLessThanOrEqual(1);
  });

  test("when process after process dies, each a few durable operations further", async () => {
    const secondBatch: Crash = { trap: atPost(151, "arrived") };
    const [before, after] = [
      [6, 12],
      [18, 24, 30],
    ].map((writes) => writes.map((n): Crash => ({ death: `after:${n}` })));
    const crashes = [...before!, secondBatch, ...after!];

    const { end, deaths } = await runThroughDeaths(TWO_BATCHES, (n) => crashes[n - 1] ?? {});

    expect(deaths).toBe(crashes.length);
    expect(end).toEqual(unharmed.end);
  });
});

/** Every place alone is in matrix/crash-waves.test.ts, matrix/crash-waves-ledger.test.ts and matrix/crash-rollback.test.ts. */
describe("a rollout of three waves that rolls back, and is killed on its way, ends as if unharmed", () => {
  let unharmed: Unharmed;

  beforeAll(async () => {
    unharmed = await runUnharmed(THREE_WAVES);
  });

  test("when six processes die, each at the next place", async () => {
    const places: readonly (readonly [string, Crash])[] = [
      ["between the last failure of a wave and its record", { trap: atPost(BAD, "answered") }],
      ["when the batch with too many failures is recorded and not answered", { trap: atWrite(2, "done", "batch 2") }],
      ["before the release is held", { trap: atWrite(2, "arrived", "control") }],
      ["in the middle of the restores", { trap: atPost(6, "written") }],
      ["between the last restore and its record", { trap: atWrite(2, "arrived", "batch 0") }],
      ["when the report is written and not answered", { trap: atWrite(2, "done", "record") }],
    ];

    const { end, deaths } = await runThroughDeaths(THREE_WAVES, (n) => places[n - 1]?.[1] ?? {});

    expect(deaths).toBe(places.length);
    // A rollback writes again to the customers that it had just restored.
    expect(withoutPosts(end)).toEqual(withoutPosts(unharmed.end));
  });

  test("also when it is killed for good, and another execution restores the rest", async () => {
    expectRolledBack(unharmed.end, await runAbandoned({ trap: atPost(BAD + 5, "written") }));
  });
});
