import type { FlipsNote } from "../core/rollback/source-rollouts.ts";
import type { Key, Table } from "./table.ts";

/** A rollback by the release's name searches so many rollouts. */
const MOST_ROLLOUTS = 50;

/** A rollback knows so many later rollouts. */
const MOST_FLIPS = 500;

/** The rollouts of each release, and the order in which all rollouts flipped: a rollback needs both. */
export function createReleases(table: Table, environment: string) {
  const toKey = (release: string): Key => ({ pk: `environment#${environment}`, sk: `release#${release}` });
  /** The newest first. Some of them may have flipped no customer. */
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
    /** Only the holder of the lock calls this, right before its first flip. A second call keeps the order. */
    async noteFlips({ rolloutId, action }: FlipsNote): Promise<void> {
      const earlier = await findFlips();
      if (earlier.some((flips) => flips.rolloutId === rolloutId)) return;
      await table.put(flipsKey, { rollouts: [{ rolloutId, action }, ...earlier].slice(0, MOST_FLIPS) });
    },
    /** Only the holder of the lock calls this, right before its first flip. */
    async noteRelease(release: string, rolloutId: string): Promise<void> {
      const earlier = (await findRollouts(release)).filter((id) => id !== rolloutId);
      await table.put(toKey(release), { rolloutIds: [rolloutId, ...earlier].slice(0, MOST_ROLLOUTS) });
    },
  };
}
