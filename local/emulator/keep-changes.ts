import { openJournal } from "../durable/journal.ts";
import type { CustomerTable, Row } from "./customer-table.ts";

type Change = Pick<
  Row,
  "index" | "isStaging" | "writes" | "tagBits" | "name" | "referenceId" | "modifiedAt" | "modifiedBy"
>;

/** Repeats the changes that the file holds. Returns a function that adds a changed customer to the file. */
export function keepChanges({ rows }: CustomerTable, file: string): (row: Row) => void {
  const journal = openJournal<Change>(file);
  for (const change of journal.entries) Object.assign(rows[change.index] ?? {}, change);
  return ({ index, isStaging, writes, tagBits, name, referenceId, modifiedAt, modifiedBy }) =>
    journal.append({ index, isStaging, writes, tagBits, name, referenceId, modifiedAt, modifiedBy });
}
