import { expect, test } from "@jest/globals";
import { expectSameEnd } from "../crash-scenario.ts";

/**
 * Open, look up, plan, a look before the first flip, its announcement, flip, tell, bake, tell, close and tell each begin
 * and end: 22 writes, of which two that follow each other at once may be one. A death at each alone is in matrix/crash-waves.test.ts.
 */
const WRITES = 20;

test.each(["before", "after"])(
  "a worker whose every process is killed %s its next write to its checkpoints ends as if unharmed",
  async (phase) => {
    expect(await expectSameEnd({ deathOf: (n) => `${phase}:${n}` })).toBeGreaterThanOrEqual(WRITES);
  },
);
