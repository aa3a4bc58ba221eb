import type { Key, Table } from "./table.ts";

/** The dry run of a plan's hash, so that a refusal of a stale plan can name what changed. */
export function createPlans(table: Table, environment: string) {
  const toKey = (hash: string): Key => ({ pk: `environment#${environment}`, sk: `plan#${hash}` });
  return {
    async noteDryRun(hash: string, rolloutId: string): Promise<void> {
      await table.put(toKey(hash), { rolloutId });
    },
    async findDryRun(hash: string): Promise<string | undefined> {
      return (await table.get(toKey(hash)))?.rolloutId as string | undefined;
    },
  };
}
