import { describe, expect, test } from "@jest/globals";
import { expectSameEnd } from "./crash-scenario.ts";

/** Open, look up, plan, flip and close each begin and end; rests, waits and the end itself are writes too. */
const WRITES = 11;
const NUMBERS = Array.from({ length: WRITES }, (_, index) => index + 1);

describe.each(["before", "after"])(
  "a worker that is killed %s a write to its checkpoints ends as if unharmed",
  (phase) => {
    test.each(NUMBERS)("write %d", async (write) => {
      const deaths = await expectSameEnd({ deathOf: (n) => (n === 1 ? `${phase}:${write}` : undefined) });
      expect(deaths).toBe(1);
    });

    test("when every process dies at the next write", async () => {
      expect(await expectSameEnd({ deathOf: (n) => `${phase}:${n}` })).toBe(WRITES);
    });
  },
);
