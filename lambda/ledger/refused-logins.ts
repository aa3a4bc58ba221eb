import type { Table } from "./table.ts";

/** Which versions of the secret Evo Voice has refused: none of them is tried again, by any invocation. */
export function createRefusals(table: Table, environment: string) {
  const toKey = (versionId: string) => ({ pk: `environment#${environment}`, sk: `refused-sign-in#${versionId}` });
  const toDoubtsKey = (versionId: string) => ({
    pk: `environment#${environment}`,
    sk: `doubtful-sign-in#${versionId}`,
  });
  return {
    async findRefusal(versionId: string): Promise<{ readonly at: string } | undefined> {
      const item = await table.get(toKey(versionId));
      return item && { at: item.at as string };
    },
    async rememberRefusal(versionId: string): Promise<void> {
      await table.put(toKey(versionId), { at: new Date().toISOString() });
    },
    /** Read and written, not added: of two workers that sign in at the same time one may go uncounted. */
    async countDoubt(versionId: string): Promise<number> {
      const doubts = Number((await table.get(toDoubtsKey(versionId)))?.doubts ?? 0) + 1;
      await table.put(toDoubtsKey(versionId), { doubts });
      return doubts;
    },
    async clearDoubts(versionId: string): Promise<void> {
      await table.put(toDoubtsKey(versionId), { doubts: 0 });
    },
  };
}
