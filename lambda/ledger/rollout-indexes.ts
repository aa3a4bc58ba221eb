import { toReleaseKey } from "../contract/release-name.ts";
import type { FlipsNote } from "../core/rollback/source-rollouts.ts";
import { environmentKey } from "./keys.ts";
import type { Table } from "./table.ts";

/** A rollback by the release's name searches so many rollouts. */
const MOST_ROLLOUTS = 50;

/** A rollback knows so many later rollouts. */
const MOST_FLIPS = 500;

/** Where rollouts are found: by their release, in the order in which they flipped, and by the hash of a dry run's plan. */
export function createRolloutIndexes(table: Table, environment: string) {
  const toKey = (sk: string) => environmentKey(environment, sk);
  const releaseKey = (release: string) => toKey(`release#${toReleaseKey(release)}`);
  /** The newest first. Some of them may have flipped no customer. */
  async function findRollouts(release: string): Promise<readonly string[]> {
    return ((await table.get(releaseKey(release)))?.rolloutIds as readonly string[] | undefined) ?? [];
  }
  async function findFlips(): Promise<readonly FlipsNote[]> {
    return ((await table.get(toKey("flips")))?.rollouts as readonly FlipsNote[] | undefined) ?? [];
  }

  return {
    findRollouts,
    findFlips,
    /** Only the holder of the lock calls this, right before its first flip. A second call keeps the order. */
    async noteFlips({ rolloutId, action }: FlipsNote): Promise<void> {
      const earlier = await findFlips();
      if (earlier.some((flips) => flips.rolloutId === rolloutId)) return;
      await table.put(toKey("flips"), { rollouts: [{ rolloutId, action }, ...earlier].slice(0, MOST_FLIPS) });
    },
    /** Only the holder of the lock calls this, right before its first flip. */
    async noteRelease(release: string, rolloutId: string): Promise<void> {
      const earlier = (await findRollouts(release)).filter((id) => id !== rolloutId);
      const rolloutIds = [rolloutId, ...earlier].slice(0, MOST_ROLLOUTS);
      await table.put(releaseKey(release), { rolloutIds });
    },
    /** So that a refusal of a stale plan can name what changed. */
    async noteDryRun(planHash: string, rolloutId: string): Promise<void> {
      await table.put(toKey(`plan#${planHash}`), { rolloutId });
    },
    /** By the first digits of the hash; undefined also when several dry runs' hashes begin with them. */
    async findDryRun(beginning: string): Promise<string | undefined> {
      const found: string[] = [];
      for await (const { rolloutId } of table.query(toKey(`plan#${beginning}`))) found.push(rolloutId as string);
      return found.length === 1 ? found[0] : undefined;
    },
  };
}
