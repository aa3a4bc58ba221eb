import { partitionOf } from "./rollouts.ts";
import type { Table } from "./table.ts";

/** How often each step was begun: a step that dies leaves no other trace. */
export function createRuns(table: Table) {
  return {
    async countStepAttempt(rolloutId: string, step: string, mark: string): Promise<number> {
      const key = { pk: partitionOf(rolloutId), sk: `run#${step}` };
      const before = await table.get(key);
      const runs = before?.mark === mark ? (before.runs as number) + 1 : 1;
      await table.put(key, { mark, runs });
      return runs;
    },
  };
}
