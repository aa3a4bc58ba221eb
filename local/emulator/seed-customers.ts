import { type Account, createAccounts } from "./accounts.ts";
import { addRow, type CustomerTable, createCustomerTable } from "./customer-table.ts";
import { mix, toUnit } from "./random.ts";

export interface Seeding {
  readonly customers: number;
  readonly seed: number;
  readonly stagingShare: number;
}

/** The customers that an emulator begins with: those of the main account and, strewn among them, those of another. */
export function seedCustomers({ customers, seed, stagingShare }: Seeding): CustomerTable {
  const others = Math.max(10, Math.ceil(customers / 20));
  const total = customers + others;
  const table = createCustomerTable(seed, createAccounts(seed), Math.ceil(total * 1.02) + 64);
  let ordinalOfOther = 0;
  for (let row = 0; row < total; row++) {
    const isOther = Math.floor(((row + 1) * others) / total) > ordinalOfOther;
    if (isOther) {
      addRow(table, 1, ++ordinalOfOther);
    } else {
      addRow(table, 0, row + 1 - ordinalOfOther);
    }
  }
  chooseTags(table);
  chooseParents(table);
  chooseStaging(table, 0, { wanted: Math.round(stagingShare * customers), among: customers });
  chooseStaging(table, 1, { wanted: Math.round(stagingShare * others), among: others });
  return table;
}

function chooseTags(table: CustomerTable): void {
  for (let row = 0; row < table.rows; row++) {
    table.columns.tags[row] = toTags(table.accounts[0], mix(table.seed ^ 0x54616773, row));
  }
}

function toTags(account: Account, hash: number): number {
  let bits = 0;
  account.tags.forEach((tag, index) => {
    if (toUnit(mix(hash, index)) < tag.share) bits |= 1 << index;
  });
  return bits;
}

/** About one in twenty has children; some of those have a parent themselves, at most three storeys high. */
function chooseParents(table: CustomerTable): void {
  const parents: [number[], number[]] = [[], []];
  const { account, parent } = table.columns;
  for (let row = 0; row < table.rows; row++) {
    const recent = account[row] === 0 ? parents[0] : parents[1];
    const hash = mix(table.seed ^ 0x50617265, row);
    const isParent = hash % 20 === 0;
    const candidate = recent[mix(hash, 1) % Math.max(1, recent.length)];
    const share = isParent ? 0.3 : 0.35;
    if (candidate !== undefined && toUnit(mix(hash, 2)) < share && isShallow(table, candidate, isParent)) {
      parent[row] = candidate;
    }
    if (isParent) {
      recent.push(row);
      if (recent.length > 32) recent.shift();
    }
  }
}

function isShallow(table: CustomerTable, candidate: number, isParent: boolean): boolean {
  return !isParent || (table.columns.parent[candidate] ?? -1) < 0;
}

/** Exactly so many of an account's customers, chosen by the seed (selection sampling). */
function chooseStaging(
  table: CustomerTable,
  account: 0 | 1,
  { wanted, among }: { wanted: number; among: number },
): void {
  let needed = wanted;
  let left = among;
  for (let row = 0; row < table.rows; row++) {
    if (table.columns.account[row] !== account) continue;
    if (toUnit(mix(table.seed ^ 0x53746167, row)) * left < needed) {
      table.columns.staging[row] = 1;
      needed--;
    }
    left--;
  }
}
