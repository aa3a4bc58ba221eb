import {
  addRow,
  type CustomerTable,
  findRow,
  getAccount,
  getName,
  getReferenceId,
  isPresent,
  toId,
} from "./customer-table.ts";

/** A customer as a test sees it behind the API's back: a snapshot. */
export interface EmulatedCustomer {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly referenceId: string;
  readonly parentCustomerId?: string;
  readonly tagNames: readonly string[];
  readonly isStaging: boolean;
  /** How many times a POST set the flag, whatever it was before. */
  readonly writes: number;
}

/** What a new customer is like; the rest is invented. */
export type CustomerInit = Partial<Omit<EmulatedCustomer, "id" | "writes">>;

export function toEmulatedCustomer(table: CustomerTable, row: number): EmulatedCustomer {
  const { parent, tags, staging, writes } = table.columns;
  const account = getAccount(table, row);
  const parentRow = parent[row] ?? -1;
  return {
    id: toId(table, row),
    accountId: account.id,
    name: getName(table, row),
    referenceId: getReferenceId(table, row),
    ...(parentRow >= 0 && { parentCustomerId: toId(table, parentRow) }),
    tagNames: account.tags.filter((_, index) => (tags[row] ?? 0) & (1 << index)).map(({ name }) => name),
    isStaging: staging[row] === 1,
    writes: writes[row] ?? 0,
  };
}

export function* toEmulatedCustomers(table: CustomerTable): Generator<EmulatedCustomer> {
  for (let row = 0; row < table.rows; row++) {
    if (isPresent(table, row)) yield toEmulatedCustomer(table, row);
  }
}

/** Adds a customer while the emulator runs. */
export function insertCustomer(table: CustomerTable, init: CustomerInit): EmulatedCustomer {
  const account = init.accountId === table.accounts[1].id ? 1 : 0;
  const row = addRow(table, account, countCustomers(table, account) + 1);
  const { name, referenceId, parentCustomerId, tagNames = [], isStaging = false } = init;
  table.renamed.set(row, { ...(name !== undefined && { name }), ...(referenceId !== undefined && { referenceId }) });
  table.columns.staging[row] = isStaging ? 1 : 0;
  table.columns.parent[row] = parentCustomerId === undefined ? -1 : findRow(table, parentCustomerId);
  table.columns.tags[row] = table.accounts[account].tags.reduce(
    (bits, tag, index) => (tagNames.includes(tag.name) ? bits | (1 << index) : bits),
    0,
  );
  return toEmulatedCustomer(table, row);
}

/** Removed ones included: an ordinal is never used twice. */
function countCustomers(table: CustomerTable, account: 0 | 1): number {
  let count = 0;
  for (let row = 0; row < table.rows; row++) count += table.columns.account[row] === account ? 1 : 0;
  return count;
}
