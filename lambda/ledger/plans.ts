import type { Key, Table } from "./table.ts";

/** Which dry run a plan's hash is of: an event that carries the hash can be told what changed since. */
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
