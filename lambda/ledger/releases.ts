import type { FlipsNote } from "../core/records.ts";
import type { Key, Table } from "./table.ts";

/** So many rollouts back, a rollback by the release's name looks for the last one that flipped a customer. */
const MOST_ROLLOUTS = 50;

/** So many rollouts back, a rollback of an older one knows who came after it. */
const MOST_FLIPS = 500;

/** Which rollouts brought a release out, and in what order all of them flipped: what a rollback has to know of the others. */
export function createReleases(table: Table, environment: string) {
  const toKey = (release: string): Key => ({ pk: `environment#${environment}`, sk: `release#${release}` });
  /** The newest first; whether they flipped anybody, their batches say. */
  async function findRollouts(release: string): Promise<readonly string[]> {
    return ((await table.get(toKey(release)))?.rolloutIds as readonly string[] | undefined) ?? [];
  }

  const flipsKey: Key = { pk: `environment#${environment}`, sk: "flips" };
  async function findFlips(): Promise<readonly FlipsNote[]> {
    return ((await table.get(flipsKey))?.rollouts as readonly FlipsNote[] | undefined) ?? [];
  }

  return {
    findRollouts,
    findFlips,
    /** Written by the holder of the lock alone, right before its first flip; once only, so that the order stays. */
    async noteFlips({ rolloutId, action }: FlipsNote): Promise<void> {
      const earlier = await findFlips();
      if (earlier.some((one) => one.rolloutId === rolloutId)) return;
      await table.put(flipsKey, { rollouts: [{ rolloutId, action }, ...earlier].slice(0, MOST_FLIPS) });
    },
    /** Written by the holder of the lock alone, right before its first flip. */
    async noteRelease(release: string, rolloutId: string): Promise<void> {
      const earlier = (await findRollouts(release)).filter((id) => id !== rolloutId);
      await table.put(toKey(release), { rolloutIds: [rolloutId, ...earlier].slice(0, MOST_ROLLOUTS) });
    },
  };
}
