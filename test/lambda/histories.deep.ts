import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { histories } from "./histories/history-commands.ts";
import { historyOptions, runHistory } from "./histories/run-history.ts";

test("no history of events, commands, orders and deaths flips whom it must not, or loses what it did", async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(historyOptions, histories(40), async (options, commands) => {
      for (const end of await runHistory(options, commands)) ends.add(end);
    }),
    { numRuns: 1_000 },
  );
  // Histories that come to nothing would show nothing.
  expect([...ends]).toEqual(
    expect.arrayContaining([
      ...["succeeded", "partial", "rolled-back", "halted", "aborted", "refused", "planned", "taken over"],
    ]),
  );
}, 120_000);
