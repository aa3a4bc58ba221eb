import { describe, expect, test } from "../../support/jest.ts";
import {
  atPost,
  atWrite,
  BAD,
  expectRolledBack,
  runAbandoned,
  runUnharmed,
  THREE_WAVES,
  WAVES,
} from "../crash-scenario.ts";

/**
 * A rollout that is being turned back is killed for good, at each write to the ledger from the one on that holds the
 * release, and at flips that stand for the others; another execution turns back the rest by the ledger alone. Some 50
 * places, each a little more than a second.
 */
const { end, places } = await runUnharmed(THREE_WAVES);

const FIRST = places.writes.indexOf("control");
const WRITES = places.writes.slice(FIRST, -1).map((about, index) => ({ n: FIRST + index + 1, about }));

describe.each([
  ["before a write to the ledger is done", "arrived"],
  ["when a write to the ledger is done and not answered", "done"],
] as const)("a rollout that ends for good %s is turned back by another execution", (_when, phase) => {
  test.each(WRITES)("write $n, of $about", async ({ n }) => {
    expectRolledBack(end, await runAbandoned({ trap: atWrite(n, phase) }));
  });
});

describe.each(["arrived", "written", "answered"] as const)(
  "a rollout that ends for good when a flip back is %s is turned back by another execution",
  (phase) => {
    // The bad one is never written.
    const unseen = phase === "written" ? 1 : 0;
    test.each([BAD + 1, BAD + 8, places.posts])("flip %d", async (n) => {
      expectRolledBack(end, await runAbandoned({ trap: atPost(n - unseen, phase) }));
    });
  },
);

describe.each(["arrived", "written", "answered"] as const)(
  "a rollout that ends for good when a flip is %s is rolled back with all that was in flight",
  (phase) => {
    // In the first two waves: the rollback writes to the whole batch, and that of the third wave holds the customer that vanishes.
    test.each([1, WAVES[0], WAVES[0] + 3, WAVES[0] + WAVES[1]])("flip %d", async (n) => {
      const abandoned = await runAbandoned({ trap: atPost(n, phase) });

      // The rollback writes to each customer of the batch that was begun.
      const written = Object.values(abandoned.end.customers).filter(({ posts }) => posts > 0);
      expect(written.length).toBeGreaterThanOrEqual(n);
      expect(abandoned.undone).toMatchObject({
        status: "rolled-back",
        rollback: { restored: written.length, conflicting: 0, failed: 0 },
      });
      for (const { isStaging, rollback } of written)
        expect({ isStaging, rollback }).toEqual({ isStaging: true, rollback: "flipped" });
    });
  },
);

describe("a rollback that continues another one, and is killed in its turn, ends as if unharmed", () => {
  const halfway = { trap: atPost(BAD + 5, "written") };

  test.each([1, 2, 3, 4])("when its batch write %d is done and not answered", async (n) => {
    expectRolledBack(end, await runAbandoned(halfway, atWrite(n, "done", "batch")));
  });

  test.each(["arrived", "written", "answered"] as const)("when its third flip is %s", async (phase) => {
    expectRolledBack(end, await runAbandoned(halfway, atPost(3, phase)));
  });
});
