import { mix, pick, toHex } from "./random.ts";

interface Tag {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  /** The share of the customers with this tag. */
  readonly share: number;
}

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly Tag[];
}

export interface User {
  readonly id: string;
  readonly userName: string;
  readonly displayName: string;
  readonly role: "SystemAdministrator" | "Manager" | "Agent";
  /** The accounts that this user can see; a system administrator can see all. */
  readonly accountIds: readonly string[] | "all";
}

/** At most eight: a customer's tags are the bits of one byte. */
const tagShares: Readonly<Record<string, number>> = {
  vip: 0.02,
  canary: 0.01,
  beta: 0.05,
  wholesale: 0.08,
  residential: 0.15,
  "do-not-move": 0.01,
  "24/7, on call": 0.02,
  "Süd & West": 0.03,
};

const colors = "Magenta Red Volcano Orange Gold Lime Green Cyan Blue GeekBlue Purple".split(" ");

/** The main account and a second account with the same tag names and other tag ids. */
export function createAccounts(seed: number): readonly [Account, Account] {
  return [createAccount(seed, "Northwind Telecom"), createAccount(seed, "Blue Ridge Voice & Data")];
}

function createAccount(seed: number, name: string): Account {
  return {
    id: toHex(seed, `account ${name}`, 24),
    name,
    tags: Object.entries(tagShares).map(([tag, share], index) => ({
      id: toHex(seed, `tag ${name} ${tag}`, 24),
      name: tag,
      color: pick(colors, mix(seed, index)),
      share,
    })),
  };
}

/** The users: one with each role. */
export function createUsers(seed: number, main: Account): readonly [User, User, User] {
  const toUser = (word: string, displayName: string, role: User["role"]): User => ({
    id: toHex(seed, `user ${word}`, 24),
    userName: `${word}@evovoice.example`,
    displayName,
    role,
    accountIds: role === "SystemAdministrator" ? "all" : [main.id],
  });
  return [
    toUser("operator", "Olivia Operator", "SystemAdministrator"),
    toUser("manager", "Max Manager", "Manager"),
    toUser("agent", "Ada Agent", "Agent"),
  ];
}

export function sees(user: User, accountId: string): boolean {
  return user.accountIds === "all" || user.accountIds.includes(accountId);
}

/** The password of all three users. */
export function toPassword(seed: number): string {
  return `Harbour-${toHex(seed, "password", 12)}!`;
}
