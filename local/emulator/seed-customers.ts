import { type Account, createAccounts } from "./accounts.ts";
import { addRow, type CustomerTable, type Row } from "./customer-table.ts";
import { mix, toUnit } from "./random.ts";

export interface Seeding {
  readonly customers: number;
  readonly seed: number;
  readonly stagingShare: number;
}

/** The customers at the start. Customers of the second account are spread among those of the main account. */
export function seedCustomers({ customers, seed, stagingShare }: Seeding): CustomerTable {
  const others = Math.max(10, Math.ceil(customers / 20));
  const total = customers + others;
  const table: CustomerTable = { seed, accounts: createAccounts(seed), rows: [], version: 0 };
  let ordinalOfOther = 0;
  for (let index = 0; index < total; index++) {
    const isOther = Math.floor(((index + 1) * others) / total) > ordinalOfOther;
    if (isOther) addRow(table, 1, ++ordinalOfOther);
    else addRow(table, 0, index + 1 - ordinalOfOther);
  }
  for (const row of table.rows) row.tagBits = toTagBits(table.accounts[0], mix(seed ^ 0x54616773, row.index));
  chooseParents(table);
  chooseStaging(table, 0, { wanted: Math.round(stagingShare * customers), among: customers });
  chooseStaging(table, 1, { wanted: Math.round(stagingShare * others), among: others });
  return table;
}

function toTagBits({ tags }: Account, hash: number): number {
  return tags.reduce((bits, { share }, index) => (toUnit(mix(hash, index)) < share ? bits | (1 << index) : bits), 0);
}

/** About one customer in twenty has children; some of these also have a parent. Families have at most three levels. */
function chooseParents({ seed, rows }: CustomerTable): void {
  const parents: [Row[], Row[]] = [[], []];
  for (const row of rows) {
    const recent = parents[row.account];
    const hash = mix(seed ^ 0x50617265, row.index);
    const isParent = hash % 20 === 0;
    const candidate = recent[mix(hash, 1) % Math.max(1, recent.length)];
    const isShallow = !isParent || candidate?.parent === undefined;
    if (candidate !== undefined && isShallow && toUnit(mix(hash, 2)) < (isParent ? 0.3 : 0.35)) row.parent = candidate;
    if (isParent) recent.push(row);
    if (recent.length > 32) recent.shift();
  }
}

/** Puts exactly `wanted` customers of an account on staging, chosen by the seed (selection sampling). */
function chooseStaging(
  { seed, rows }: CustomerTable,
  account: 0 | 1,
  { wanted, among }: { wanted: number; among: number },
): void {
  let [needed, left] = [wanted, among];
  for (const row of rows) {
    if (row.account !== account) continue;
    row.isStaging = toUnit(mix(seed ^ 0x53746167, row.index)) * left < needed;
    if (row.isStaging) needed--;
    left--;
  }
}
