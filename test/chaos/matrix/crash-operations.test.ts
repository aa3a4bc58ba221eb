import { expect, test } from "../../support/jest.ts";
import { withoutPosts } from "../crash-end.ts";
import { runThroughDeaths, runUnharmed, TWO_BATCHES } from "../crash-scenario.ts";

/**
 * Open, look up, plan, a look before the first flip, its announcement, flip, tell, bake, tell, close and tell each begin
 * and end: 22 writes, of which two that follow each other at once may be one. A death at each alone is in matrix/crash-waves.test.ts.
 */
const WRITES = 20;

test.each(["before", "after"])(
  "a worker that is killed %s each write to its checkpoints ends as if unharmed",
  async (phase) => {
    const { end } = await runUnharmed(TWO_BATCHES);

    const again = await runThroughDeaths(TWO_BATCHES, (n) => ({ death: `${phase}:${n}` }));

    expect(again.deaths).toBeGreaterThanOrEqual(WRITES);
    expect(withoutPosts(again.end)).toEqual(withoutPosts(end));
  },
);
