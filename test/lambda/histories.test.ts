import { test } from "@jest/globals";
import fc from "fast-check";
import { histories } from "./histories/history-commands.ts";
import { historyOptions, runHistory } from "./histories/run-history.ts";

test("no random history flips whom it must not, or loses what it did; `npm run test:deep` plays a thousand", async () => {
  await fc.assert(
    fc.asyncProperty(historyOptions, histories(40), async (options, commands) => {
      await runHistory(options, commands);
    }),
    { numRuns: 60 },
  );
});
