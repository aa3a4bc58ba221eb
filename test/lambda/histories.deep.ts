import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { histories } from "./histories/history-commands.ts";
import { historyOptions, runHistory } from "./histories/run-history.ts";

/** The rarest end that is asked for, `partial`, comes in one history of two hundred: so many show it for certain. */
const HISTORIES = 5_000;

test("no history of events, commands, orders and deaths flips whom it must not, or loses what it did", async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(historyOptions, histories(40), async (options, commands) => {
      for (const end of await runHistory(options, commands)) ends.add(end);
    }),
    { numRuns: HISTORIES },
  );
  // Histories that come to nothing would show nothing.
  expect([...ends]).toEqual(
    expect.arrayContaining([
      ...["succeeded", "partial", "rolled-back", "halted", "aborted", "refused", "planned", "taken over"],
    ]),
  );
}, 120_000);
