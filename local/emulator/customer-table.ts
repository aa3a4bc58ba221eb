import type { Account } from "./accounts.ts";
import { toBusinessName } from "./business-names.ts";
import { mix, toHex, toUnit } from "./random.ts";

/** All customers. Values that a row does not contain are computed from the seed each time. */
export interface CustomerTable {
  readonly seed: number;
  readonly accounts: readonly [Account, Account];
  /** With removed customers, because an index is never used twice. */
  readonly rows: Row[];
  /** Increases when customers are added, removed or renamed, so that cached selections are dropped. */
  version: number;
}

/** One customer. */
export interface Row {
  /** The index in the table. */
  readonly index: number;
  /** 0: the main account, 1: the second account. */
  readonly account: 0 | 1;
  /** The number in the account, from 1. */
  readonly ordinal: number;
  parent: Row | undefined;
  /** One bit a tag of the account. */
  tagBits: number;
  isStaging: boolean;
  /** The writes that readings do not show at once; only while `read-lag` is on. */
  laggedWrites?: { readonly atMs: number; readonly was: boolean }[];
  isRemoved: boolean;
  /** How often the API set the flag. */
  writes: number;
  /** Epoch seconds; 0 before the first change. */
  modifiedAt: number;
  /** The index of the last user who changed the customer, or `outsider`. */
  modifiedBy: number;
  name: string | undefined;
  referenceId: string | undefined;
}

/** The flag as it was at a time, as far as lagged writes are known. */
export function getFlag({ isStaging, laggedWrites = [] }: Row, shownAtMs: number): boolean {
  return laggedWrites.find(({ atMs }) => atMs > shownAtMs)?.was ?? isStaging;
}

/** The user of a change outside the API. */
export const outsider = 255;

export function addRow(table: CustomerTable, account: 0 | 1, ordinal: number): Row {
  const row: Row = {
    ...{ index: table.rows.length, account, ordinal, parent: undefined, tagBits: 0 },
    ...{ isStaging: false, isRemoved: false, writes: 0, modifiedAt: 0, modifiedBy: 0 },
    ...{ name: undefined, referenceId: undefined },
  };
  table.rows.push(row);
  table.version++;
  return row;
}

export function getAccount(table: CustomerTable, { account }: Row): Account {
  return table.accounts[account];
}

export function getName({ seed }: CustomerTable, { index, name }: Row): string {
  return name ?? toBusinessName(mix(seed ^ 0x4e616d65, index));
}

export function getReferenceId({ ordinal, referenceId }: Row): string {
  return referenceId ?? `REF-${ordinal.toString().padStart(6, "0")}`;
}

const firstCreation = Date.UTC(2019, 0, 1) / 1000;
const lastCreation = Date.UTC(2026, 5, 30) / 1000;

/** Epoch seconds. */
export function getCreatedAt({ seed }: CustomerTable, { index }: Row): number {
  const share = toUnit(mix(seed ^ 0x43726561, index));
  return firstCreation + Math.floor(share * (lastCreation - firstCreation));
}

/** Ancestors of a row, the root first. */
export function getAncestors({ parent }: Row): readonly Row[] {
  return parent === undefined ? [] : [...getAncestors(parent), parent];
}

const counterKey = 0x5bd1e5;
/** Inverse of `counterKey` modulo 2^24. */
const counterInverse = invert(counterKey);

/** 24 hex digits as MongoDB makes them: seconds, machine, counter. The counter hides the index, so ids need no map. */
export function toId(table: CustomerTable, row: Row): string {
  const counter = Math.imul(row.index ^ (table.seed & 0xffff), counterKey) & 0xffffff;
  const seconds = getCreatedAt(table, row).toString(16).padStart(8, "0");
  return seconds + getMachine(table.seed) + counter.toString(16).padStart(6, "0");
}

/** The customer with this id; undefined for a removed customer. */
export function findRow(table: CustomerTable, id: string): Row | undefined {
  if (!/^[0-9a-f]{24}$/i.test(id)) return undefined;
  const counter = Number.parseInt(id.slice(18), 16);
  const row = table.rows[(Math.imul(counter, counterInverse) & 0xffffff) ^ (table.seed & 0xffff)];
  return row && !row.isRemoved && toId(table, row) === id.toLowerCase() ? row : undefined;
}

const machines = new Map<number, string>();

function getMachine(seed: number): string {
  const machine = machines.get(seed) ?? toHex(seed, "machine", 10);
  machines.set(seed, machine);
  return machine;
}

/** Newton's iteration: each round doubles the number of correct bits. */
function invert(odd: number): number {
  let inverse = odd;
  for (let round = 0; round < 5; round++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}
