import type { Key, Table } from "./table.ts";

/** Which rollout flipped a release's customers last: what a rollback by the release's name undoes. */
export function createReleases(table: Table, environment: string) {
  const toKey = (release: string): Key => ({ pk: `environment#${environment}`, sk: `release#${release}` });
  return {
    /** Written by the holder of the lock, right before its first flip. */
    async noteRelease(release: string, rolloutId: string): Promise<void> {
      await table.put(toKey(release), { rolloutId });
    },
    async findLastRollout(release: string): Promise<string | undefined> {
      return (await table.get(toKey(release)))?.rolloutId as string | undefined;
    },
  };
}
