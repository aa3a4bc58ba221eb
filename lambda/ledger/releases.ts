import type { Key, Table } from "./table.ts";

/** So many rollouts back, a rollback by the release's name looks for the last one that flipped somebody. */
const MOST_ROLLOUTS = 50;

/** Which rollouts brought a release out: what a rollback by the release's name undoes. */
export function createReleases(table: Table, environment: string) {
  const toKey = (release: string): Key => ({ pk: `environment#${environment}`, sk: `release#${release}` });
  /** The newest first; whether they flipped anybody, their batches say. */
  async function findRollouts(release: string): Promise<readonly string[]> {
    return ((await table.get(toKey(release)))?.rolloutIds as readonly string[] | undefined) ?? [];
  }

  return {
    findRollouts,
    /** Written by the holder of the lock alone, right before its first flip. */
    async noteRelease(release: string, rolloutId: string): Promise<void> {
      const earlier = (await findRollouts(release)).filter((id) => id !== rolloutId);
      await table.put(toKey(release), { rolloutIds: [rolloutId, ...earlier].slice(0, MOST_ROLLOUTS) });
    },
  };
}
