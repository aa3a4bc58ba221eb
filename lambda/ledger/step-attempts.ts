import { rolloutKey } from "./keys.ts";
import type { Table } from "./table.ts";

/** How often each step began: a step that crashes leaves no other trace. */
export function createStepAttempts(table: Table) {
  return {
    async countStepAttempt(rolloutId: string, step: string, mark: string): Promise<number> {
      const key = rolloutKey(rolloutId, `attempts#${step}`);
      const before = await table.get(key);
      const attempts = before?.mark === mark ? (before.attempts as number) + 1 : 1;
      await table.put(key, { mark, attempts });
      return attempts;
    },
  };
}
