import type { Table } from "./table.ts";

/** Which versions of the secret Evo Voice has refused: none of them is tried again, by any invocation. */
export function createRefusals(table: Table, environment: string) {
  const toKey = (versionId: string) => ({ pk: `environment#${environment}`, sk: `refused-sign-in#${versionId}` });
  return {
    async findRefusal(versionId: string): Promise<{ readonly at: string } | undefined> {
      const item = await table.get(toKey(versionId));
      return item && { at: item.at as string };
    },
    async rememberRefusal(versionId: string): Promise<void> {
      await table.put(toKey(versionId), { at: new Date().toISOString() });
    },
  };
}
