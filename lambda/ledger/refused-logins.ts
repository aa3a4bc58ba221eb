import { environmentKey } from "./keys.ts";
import type { Table } from "./table.ts";

/** The versions of the secret that Evo Voice refused. No invocation tries them again. */
export function createRefusedLogins(table: Table, environment: string) {
  const toKey = (versionId: string) => environmentKey(environment, `refused-sign-in#${versionId}`);
  const toUnclearKey = (versionId: string) => environmentKey(environment, `unclear-sign-in#${versionId}`);
  return {
    async findRefusal(versionId: string): Promise<{ readonly at: string } | undefined> {
      const item = await table.get(toKey(versionId));
      return item && { at: item.at as string };
    },
    async rememberRefusal(versionId: string): Promise<void> {
      await table.put(toKey(versionId), { at: new Date().toISOString() });
    },
    /** Read, then written: when two workers sign in at the same time, one may not be counted. */
    async countUnclearSignIn(versionId: string): Promise<number> {
      const count = Number((await table.get(toUnclearKey(versionId)))?.count ?? 0) + 1;
      await table.put(toUnclearKey(versionId), { count });
      return count;
    },
    async clearUnclearSignIns(versionId: string): Promise<void> {
      await table.put(toUnclearKey(versionId), { count: 0 });
    },
  };
}
