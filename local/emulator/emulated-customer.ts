import {
  addRow,
  type CustomerTable,
  findRow,
  getAccount,
  getName,
  getReferenceId,
  type Row,
  toId,
} from "./customer-table.ts";

/** A snapshot of a customer, for tests. */
export interface EmulatedCustomer {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly referenceId: string;
  readonly parentCustomerId?: string;
  readonly tagNames: readonly string[];
  readonly isStaging: boolean;
  /** How many times a POST set the flag, also to its old value. */
  readonly writes: number;
}

/** The values of a new customer; missing values are invented. */
export type CustomerInit = Partial<Omit<EmulatedCustomer, "id" | "writes">>;

export function toEmulatedCustomer(table: CustomerTable, row: Row): EmulatedCustomer {
  const account = getAccount(table, row);
  return {
    id: toId(table, row),
    accountId: account.id,
    name: getName(table, row),
    referenceId: getReferenceId(row),
    ...(row.parent && { parentCustomerId: toId(table, row.parent) }),
    tagNames: account.tags.filter((_, index) => row.tagBits & (1 << index)).map(({ name }) => name),
    isStaging: row.isStaging,
    writes: row.writes,
  };
}

export function* toEmulatedCustomers(table: CustomerTable): Generator<EmulatedCustomer> {
  for (const row of table.rows) if (!row.isRemoved) yield toEmulatedCustomer(table, row);
}

/** Adds a customer while the emulator runs. */
export function insertCustomer(table: CustomerTable, init: CustomerInit): EmulatedCustomer {
  const account = init.accountId === table.accounts[1].id ? 1 : 0;
  // Removed customers count, because an ordinal is never used twice.
  const row = addRow(table, account, table.rows.filter((other) => other.account === account).length + 1);
  const { name, referenceId, parentCustomerId, tagNames = [], isStaging = false } = init;
  Object.assign(row, { name, referenceId, isStaging });
  row.parent = parentCustomerId === undefined ? undefined : findRow(table, parentCustomerId);
  setTags(table, row, tagNames);
  return toEmulatedCustomer(table, row);
}

/** Replaces the customer's tags; an unknown name is left out. */
export function setTags(table: CustomerTable, row: Row, tagNames: readonly string[]): void {
  row.tagBits = getAccount(table, row).tags.reduce(
    (bits, tag, index) => (tagNames.includes(tag.name) ? bits | (1 << index) : bits),
    0,
  );
  table.version++;
}
