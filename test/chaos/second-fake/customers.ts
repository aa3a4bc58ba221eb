import type { Draws } from "./draws.ts";

/** A request to set a flag that the server will apply, at a time of the fake's clock. */
export interface Write {
  readonly flag: boolean;
  readonly landsAtMs: number;
}

/** A customer of the fake. Other clients change its place; only requests of the client under test change its flag. */
export interface FakeCustomer {
  readonly id: string;
  readonly name: string;
  readonly referenceId: string | undefined;
  readonly parentCustomerId: string | undefined;
  tags: readonly { readonly id: string; readonly name: string; readonly color: string }[];
  readonly firstFlag: boolean;
  readonly writes: Write[];
  /** What another client did to it after the start of the fake. */
  change?: { readonly kind: "created" | "deleted" | "moved"; readonly atMs: number };
  accountId: string;
}

export const ACCOUNTS = ["5f0000000000000000000aaa", "5f0000000000000000000bbb"] as const;
export const TAG_NAMES = ["wave-one", "late, later"] as const;
/** Each account has a tag of this name, and no customer carries it. */
export const UNUSED_TAG = "unused";

/** Tags of two accounts have the same names and other ids. */
export function tagsOf(accountId: string): FakeCustomer["tags"] {
  return [...TAG_NAMES, UNUSED_TAG].map((name, place) => ({
    id: `${accountId.slice(0, -1)}${place}`,
    name,
    color: "Blue",
  }));
}

/** The flag at a time: the last write that has landed by then counts. */
export function flagAt({ firstFlag, writes }: FakeCustomer, atMs: number): boolean {
  let last: Write | undefined;
  for (const write of writes) if (write.landsAtMs <= atMs && write.landsAtMs >= (last?.landsAtMs ?? 0)) last = write;
  return last?.flag ?? firstFlag;
}

/** Most customers stand where the first event finds them to be moved; a few have the wanted flag already. */
export function makeCustomers(draws: Draws, count: number, wanted: boolean): FakeCustomer[] {
  const customers: FakeCustomer[] = [];
  for (let place = 0; place < count; place += 1) customers.push(makeCustomer(draws, place, wanted, customers));
  return customers;
}

export function makeCustomer(
  draws: Draws,
  place: number,
  wanted: boolean,
  others: readonly FakeCustomer[] = [],
): FakeCustomer {
  const accountId = draws.chance(0.7, `account ${place}`) ? ACCOUNTS[0] : ACCOUNTS[1];
  const siblings = others.filter((other) => other.accountId === accountId && other.parentCustomerId === undefined);
  return {
    id: toId(draws, place),
    name: `Customer ${place}`,
    referenceId: draws.chance(0.8, `reference ${place}`) ? `ref-${place}` : undefined,
    parentCustomerId:
      siblings.length > 0 && draws.chance(0.1, `parent ${place}`)
        ? draws.pick(siblings, `which parent ${place}`).id
        : undefined,
    tags: tagsOf(accountId).filter(({ name }) => name !== UNUSED_TAG && draws.chance(0.8, `tag ${name} ${place}`)),
    firstFlag: draws.chance(0.9, `flag ${place}`) ? !wanted : wanted,
    writes: [],
    accountId,
  };
}

function toId(draws: Draws, place: number): string {
  const digits = (key: string) =>
    Math.floor(draws.part(`${key} ${place}`) * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return digits("id a") + digits("id b") + digits("id c");
}
