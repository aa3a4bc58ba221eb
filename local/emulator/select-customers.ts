import {
  type CustomerTable,
  findRow,
  getCreatedAt,
  getName,
  getReferenceId,
  isPresent,
  toId,
} from "./customer-table.ts";

/** Which customers are listed, in which order: everything of a listing but its page. */
export interface CustomerSelection {
  /** Bits of the accounts: 1 the main one, 2 the other. */
  readonly accounts: number;
  readonly nameFilter?: string;
  readonly parentCustomerIds: readonly string[];
  readonly shallowParent: boolean;
  readonly tagIds: readonly string[];
  readonly specificIds: readonly string[];
  readonly sortField?: string;
  readonly descending: boolean;
}

export interface SelectionCache {
  readonly rowsBySelection: Map<string, Int32Array>;
  version: number;
  /** All names in lower case, one a line, for a fast search; made when first needed. */
  names?: { readonly text: Buffer; readonly rowStarts: Uint32Array };
  /** Who is below whom; made when first needed. */
  children?: Children;
}

/** For each row its first child, and for each child the next one of the same parent; -1 for none. */
interface Children {
  readonly first: Int32Array;
  readonly next: Int32Array;
}

export function createSelectionCache(): SelectionCache {
  return { rowsBySelection: new Map(), version: 0 };
}

/** The rows of a selection; kept, so that its next page costs nothing, whatever the offset. */
export function selectRows(table: CustomerTable, cache: SelectionCache, selection: CustomerSelection): Int32Array {
  if (cache.version !== table.version) {
    cache.rowsBySelection.clear();
    delete cache.names;
    delete cache.children;
    cache.version = table.version;
  }
  const key = JSON.stringify(selection);
  const kept = cache.rowsBySelection.get(key);
  if (kept !== undefined) return kept;
  const rows = sortRows(table, filterRows(table, cache, selection), selection);
  if (selection.sortField !== "datelastmodified") keep(cache, key, rows);
  return rows;
}

const mostKept = 12;

function keep(cache: SelectionCache, key: string, rows: Int32Array): void {
  cache.rowsBySelection.set(key, rows);
  for (const oldest of cache.rowsBySelection.keys()) {
    if (cache.rowsBySelection.size <= mostKept) break;
    cache.rowsBySelection.delete(oldest);
  }
}

function filterRows(table: CustomerTable, cache: SelectionCache, selection: CustomerSelection): Int32Array {
  const tagBits = [toTagBits(table, 0, selection.tagIds), toTagBits(table, 1, selection.tagIds)];
  const parents = new Set(selection.parentCustomerIds.map((id) => findRow(table, id)));
  const { account, tags } = table.columns;
  const matches = (row: number): boolean => {
    const side = account[row] ?? 0;
    const wantedTags = tagBits[side] ?? -1;
    return (
      isPresent(table, row) &&
      (selection.accounts & (1 << side)) !== 0 &&
      wantedTags >= 0 &&
      ((tags[row] ?? 0) & wantedTags) === wantedTags &&
      (selection.parentCustomerIds.length === 0 || isBelow(table, row, parents, selection.shallowParent))
    );
  };
  const candidates = findCandidates(table, cache, selection);
  if (candidates !== undefined) return candidates.filter(matches);
  const rows = new Int32Array(table.rows);
  let found = 0;
  for (let row = 0; row < table.rows; row++) {
    if (matches(row)) rows[found++] = row;
  }
  return rows.slice(0, found);
}

/** The rows that ids, a name or parents leave, in the natural order; undefined when all are candidates. */
function findCandidates(
  table: CustomerTable,
  cache: SelectionCache,
  { specificIds, nameFilter, parentCustomerIds }: CustomerSelection,
): Int32Array | undefined {
  if (specificIds.length > 0) {
    const rows = new Set(specificIds.map((id) => findRow(table, id)).filter((row) => row >= 0));
    const wanted = nameFilter?.toLowerCase() ?? "";
    return Int32Array.from(rows)
      .filter((row) => getName(table, row).toLowerCase().includes(wanted))
      .sort();
  }
  if (nameFilter !== undefined) return findByName(table, cache, nameFilter.toLowerCase());
  return parentCustomerIds.length === 0 ? undefined : findBelow(table, cache, parentCustomerIds);
}

/** Everybody below, however deep. */
function findBelow(table: CustomerTable, cache: SelectionCache, parentIds: readonly string[]): Int32Array {
  cache.children ??= createChildren(table);
  const { first, next } = cache.children;
  const below = new Set<number>();
  const open = parentIds.map((id) => findRow(table, id));
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    for (let child = first[row] ?? -1; child >= 0; child = next[child] ?? -1) {
      if (!below.has(child)) {
        below.add(child);
        open.push(child);
      }
    }
  }
  return Int32Array.from(below).sort();
}

function createChildren(table: CustomerTable): Children {
  const { parent } = table.columns;
  const first = new Int32Array(table.rows).fill(-1);
  const next = new Int32Array(table.rows).fill(-1);
  for (let row = 0; row < table.rows; row++) {
    const above = parent[row] ?? -1;
    if (above >= 0) {
      next[row] = first[above] ?? -1;
      first[above] = row;
    }
  }
  return { first, next };
}

/** The bits that a customer of this account must have; -1 when a tag is not one of the account's. */
function toTagBits(table: CustomerTable, account: 0 | 1, tagIds: readonly string[]): number {
  return tagIds.reduce((bits, id) => {
    const index = table.accounts[account].tags.findIndex((tag) => tag.id === id.toLowerCase());
    return bits < 0 || index < 0 ? -1 : bits | (1 << index);
  }, 0);
}

function isBelow(table: CustomerTable, row: number, parents: ReadonlySet<number>, onlyChildren: boolean): boolean {
  const { parent } = table.columns;
  for (let at = parent[row] ?? -1; at >= 0; at = parent[at] ?? -1) {
    if (parents.has(at)) return true;
    if (onlyChildren) return false;
  }
  return false;
}

function findByName(table: CustomerTable, cache: SelectionCache, wanted: string): Int32Array {
  cache.names ??= createNames(table);
  const { text, rowStarts } = cache.names;
  const needle = Buffer.from(wanted);
  const rows: number[] = [];
  let row = 0;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, rowStarts[row + 1])) {
    row = findRowAt(rowStarts, at, row);
    rows.push(row);
  }
  return Int32Array.from(rows);
}

/** The row whose name stands at this place: the last one that starts at or before it. */
function findRowAt(rowStarts: Uint32Array, at: number, from: number): number {
  let low = from;
  let high = rowStarts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((rowStarts[middle] ?? 0) <= at) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

function createNames(table: CustomerTable): { text: Buffer; rowStarts: Uint32Array } {
  const rowStarts = new Uint32Array(table.rows + 1);
  let text = Buffer.allocUnsafe(table.rows * 32 + 256);
  let end = 0;
  for (let row = 0; row < table.rows; row++) {
    rowStarts[row] = end;
    const name = `${getName(table, row).toLowerCase().replaceAll("\n", " ")}\n`;
    if (end + name.length * 3 > text.length) {
      text = Buffer.concat([text, Buffer.allocUnsafe(Math.max(text.length, name.length * 4))]);
    }
    end += text.write(name, end);
  }
  rowStarts[table.rows] = end;
  return { text: text.subarray(0, end), rowStarts };
}

/** Sorts where the field is known; any other order is the natural one: as customers came. */
function sortRows(table: CustomerTable, rows: Int32Array, { sortField, descending }: CustomerSelection): Int32Array {
  if (sortField === "name" || sortField === "referenceid" || sortField === "id") {
    const getText = { name: getName, referenceid: getReferenceId, id: toId }[sortField];
    const keys = new Map(Array.from(rows, (row) => [row, getText(table, row)]));
    rows.sort((left, right) => compare(keys.get(left) ?? "", keys.get(right) ?? "") || left - right);
  } else if (sortField === "datecreated") {
    rows.sort((left, right) => getCreatedAt(table, left) - getCreatedAt(table, right));
  } else if (sortField === "datelastmodified") {
    const { modifiedAt } = table.columns;
    rows.sort((left, right) => (modifiedAt[left] ?? 0) - (modifiedAt[right] ?? 0));
  }
  return descending ? rows.reverse() : rows;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
