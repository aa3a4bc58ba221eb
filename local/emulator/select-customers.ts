import { type CustomerTable, findRow, getName, type Row } from "./customer-table.ts";

/** The filters of a list of customers, without its page. */
export interface CustomerSelection {
  /** Indexes of the accounts. */
  readonly accounts: readonly (0 | 1)[];
  readonly nameFilter?: string;
  readonly parentCustomerIds: readonly string[];
  readonly shallowParent: boolean;
  readonly tagIds: readonly string[];
  readonly specificIds: readonly string[];
}

export interface SelectionCache {
  readonly rowsBySelection: Map<string, readonly Row[]>;
  version: number;
}

export function createSelectionCache(): SelectionCache {
  return { rowsBySelection: new Map(), version: 0 };
}

const mostKept = 12;

/** The customers of a selection. They are cached for the next page. */
export function selectRows(table: CustomerTable, cache: SelectionCache, selection: CustomerSelection): readonly Row[] {
  const { rowsBySelection } = cache;
  if (cache.version !== table.version) rowsBySelection.clear();
  cache.version = table.version;
  const key = JSON.stringify(selection);
  const kept = rowsBySelection.get(key);
  if (kept !== undefined) return kept;
  const rows = filterRows(table, selection);
  rowsBySelection.set(key, rows);
  const [oldest] = rowsBySelection.keys();
  if (rowsBySelection.size > mostKept && oldest !== undefined) rowsBySelection.delete(oldest);
  return rows;
}

/** In the order in which the customers were added. */
function filterRows(table: CustomerTable, selection: CustomerSelection): Row[] {
  const { accounts, tagIds, specificIds, parentCustomerIds, shallowParent } = selection;
  const wantedTags = [toTagBits(table, 0, tagIds), toTagBits(table, 1, tagIds)] as const;
  const parents = toRows(table, parentCustomerIds);
  const name = selection.nameFilter?.toLowerCase();
  const candidates =
    specificIds.length === 0
      ? table.rows
      : [...toRows(table, specificIds)].sort((left, right) => left.index - right.index);
  return candidates.filter((row) => {
    const wanted = wantedTags[row.account];
    return (
      !row.isRemoved &&
      accounts.includes(row.account) &&
      wanted >= 0 &&
      (row.tagBits & wanted) === wanted &&
      (parentCustomerIds.length === 0 || isBelow(row, parents, shallowParent)) &&
      (name === undefined || getName(table, row).toLowerCase().includes(name))
    );
  });
}

/** The bits that a customer of this account must have; -1 when the account does not have a tag. */
function toTagBits(table: CustomerTable, account: 0 | 1, tagIds: readonly string[]): number {
  return tagIds.reduce((bits, id) => {
    const index = table.accounts[account].tags.findIndex((tag) => tag.id === id.toLowerCase());
    return bits < 0 || index < 0 ? -1 : bits | (1 << index);
  }, 0);
}

function toRows(table: CustomerTable, ids: readonly string[]): ReadonlySet<Row> {
  return new Set(ids.flatMap((id) => findRow(table, id) ?? []));
}

function isBelow({ parent }: Row, parents: ReadonlySet<Row>, onlyChildren: boolean): boolean {
  if (parent === undefined) return false;
  return parents.has(parent) || (!onlyChildren && isBelow(parent, parents, false));
}
