import fc from "fast-check";
import { histories } from "./history-commands.ts";
import { historyOptions, runHistory } from "./run-history.ts";

/** How rollouts can end: histories that come to nothing would show nothing. */
export const EVERY_END = [
  ...["succeeded", "partial", "rolled-back", "halted", "aborted", "refused", "planned", "taken over"],
];

/** Plays random histories, the same ones for the same seed; says how the rollouts of all of them ended. */
export async function playHistories(parameters: { readonly numRuns: number; readonly seed?: number }) {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(historyOptions, histories(40), async (options, commands) => {
      for (const end of await runHistory(options, commands)) ends.add(end);
    }),
    parameters,
  );
  return [...ends];
}
