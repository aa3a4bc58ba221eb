import fc from "fast-check";
import { expect, test } from "../../support/jest.ts";
import { handlerHistories, playThroughHandler } from "../random-runs/handler-history.ts";

test("rollouts at the same time flip their own customers, and can be undone", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(handlerHistories, async (history) => {
      const { lies, ends } = await playThroughHandler(history);
      expect(lies).toEqual([]);
      for (const end of ends) seen.add(end);
    }),
    // One history takes seconds: the one that failed is shown as it was.
    { numRuns: 25, endOnFailure: true },
  );
  // Histories that come to nothing would show nothing.
  expect([...seen]).toEqual(expect.arrayContaining(["succeeded", "aborted", "gone"]));
});
