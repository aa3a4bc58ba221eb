import type { Account } from "./accounts.ts";
import { toBusinessName } from "./business-names.ts";
import { mix, toHex, toUnit } from "./random.ts";

/** All customers as columns of numbers, about 24 bytes each; everything else is invented anew from the seed when it is asked for. */
export interface CustomerTable {
  readonly seed: number;
  readonly accounts: readonly [Account, Account];
  /** Rows in use, removed ones included; a row is never used twice. */
  rows: number;
  /** Rises when customers come, go or are renamed, so that kept selections are dropped. */
  version: number;
  columns: Columns;
  readonly renamed: Map<number, { readonly name?: string; readonly referenceId?: string }>;
}

interface Columns {
  readonly account: Uint8Array;
  readonly staging: Uint8Array;
  readonly removed: Uint8Array;
  /** One bit a tag of the account. */
  readonly tags: Uint8Array;
  /** The parent's row, -1 for none. */
  readonly parent: Int32Array;
  /** The how-many-th customer of its account, from 1. */
  readonly ordinal: Uint32Array;
  readonly writes: Uint32Array;
  /** Seconds, 0 for never since the start. */
  readonly modifiedAt: Float64Array;
  /** Index of the user who changed it last, 255 for somebody else. */
  readonly modifiedBy: Uint8Array;
}

export const somebodyElse = 255;

export function createCustomerTable(
  seed: number,
  accounts: readonly [Account, Account],
  capacity: number,
): CustomerTable {
  return { seed, accounts, rows: 0, version: 0, columns: createColumns(capacity), renamed: new Map() };
}

/** Adds one row and gives its number. */
export function addRow(table: CustomerTable, account: 0 | 1, ordinal: number): number {
  if (table.rows === table.columns.account.length) {
    table.columns = copyColumns(table.columns, Math.max(64, Math.ceil(table.rows * 1.5)));
  }
  const row = table.rows++;
  table.columns.account[row] = account;
  table.columns.ordinal[row] = ordinal;
  table.columns.parent[row] = -1;
  table.version++;
  return row;
}

export function isPresent(table: CustomerTable, row: number): boolean {
  return row >= 0 && row < table.rows && table.columns.removed[row] === 0;
}

export function getAccount(table: CustomerTable, row: number): Account {
  return table.columns.account[row] === 0 ? table.accounts[0] : table.accounts[1];
}

export function getName(table: CustomerTable, row: number): string {
  return table.renamed.get(row)?.name ?? toBusinessName(mix(table.seed ^ 0x4e616d65, row));
}

export function getReferenceId(table: CustomerTable, row: number): string {
  return table.renamed.get(row)?.referenceId ?? `REF-${(table.columns.ordinal[row] ?? 0).toString().padStart(6, "0")}`;
}

const firstCreation = Date.UTC(2019, 0, 1) / 1000;
const lastCreation = Date.UTC(2026, 5, 30) / 1000;

/** Epoch seconds. */
export function getCreatedAt(table: CustomerTable, row: number): number {
  const share = toUnit(mix(table.seed ^ 0x43726561, row));
  return firstCreation + Math.floor(share * (lastCreation - firstCreation));
}

/** Ancestors of a row, the root first. */
export function getAncestors(table: CustomerTable, row: number): readonly number[] {
  const ancestors: number[] = [];
  for (let at = table.columns.parent[row] ?? -1; at >= 0; at = table.columns.parent[at] ?? -1) ancestors.unshift(at);
  return ancestors;
}

const counterKey = 0x5bd1e5;
/** Inverse of `counterKey` modulo 2^24. */
const counterInverse = invert(counterKey);

/** 24 hex digits as MongoDB makes them: seconds, machine, counter. The counter is the row in overrides, so ids need no index. */
export function toId(table: CustomerTable, row: number): string {
  const counter = Math.imul(row ^ (table.seed & 0xffff), counterKey) & 0xffffff;
  return (
    getCreatedAt(table, row).toString(16).padStart(8, "0") +
    getMachine(table.seed) +
    counter.toString(16).padStart(6, "0")
  );
}

/** The row of an id, or -1. */
export function findRow(table: CustomerTable, id: string): number {
  if (!/^[0-9a-f]{24}$/i.test(id)) return -1;
  const counter = Number.parseInt(id.slice(18), 16);
  const row = (Math.imul(counter, counterInverse) & 0xffffff) ^ (table.seed & 0xffff);
  return isPresent(table, row) && toId(table, row) === id.toLowerCase() ? row : -1;
}

const machines = new Map<number, string>();

function getMachine(seed: number): string {
  let machine = machines.get(seed);
  if (machine === undefined) {
    machine = toHex(seed, "machine", 10);
    machines.set(seed, machine);
  }
  return machine;
}

/** Newton's iteration: each round doubles the number of right bits. */
function invert(odd: number): number {
  let inverse = odd;
  for (let round = 0; round < 5; round++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}

function createColumns(capacity: number): Columns {
  return {
    account: new Uint8Array(capacity),
    staging: new Uint8Array(capacity),
    removed: new Uint8Array(capacity),
    tags: new Uint8Array(capacity),
    parent: new Int32Array(capacity),
    ordinal: new Uint32Array(capacity),
    writes: new Uint32Array(capacity),
    modifiedAt: new Float64Array(capacity),
    modifiedBy: new Uint8Array(capacity),
  };
}

function copyColumns(columns: Columns, capacity: number): Columns {
  const copy = createColumns(capacity);
  copy.account.set(columns.account);
  copy.staging.set(columns.staging);
  copy.removed.set(columns.removed);
  copy.tags.set(columns.tags);
  copy.parent.set(columns.parent);
  copy.ordinal.set(columns.ordinal);
  copy.writes.set(columns.writes);
  copy.modifiedAt.set(columns.modifiedAt);
  copy.modifiedBy.set(columns.modifiedBy);
  return copy;
}
