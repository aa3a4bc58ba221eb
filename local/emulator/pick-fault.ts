import { type ShareFault, shareFaults } from "./fault-names.ts";
import type { Faults } from "./faults.ts";
import type { OperationName } from "./operation-names.ts";
import { mix, mixText, toUnit } from "./random.ts";

/** The fault of one request, if it has any. */
export interface PickedFault {
  readonly name?: ShareFault;
  /** Chooses among a fault's variants, by the seed as well. */
  readonly variant: number;
  readonly tailMs: number;
}

/** How often each operation was asked for each key (a customer, a page), so that chance never depends on who came first. */
export interface Attempts {
  readonly byRow: Map<OperationName, Uint8Array>;
  readonly byKey: Map<string, number>;
}

/** What is stable about a request: the same facts give the same chance in every run. */
export interface RequestFacts {
  readonly operation: OperationName;
  readonly key: string;
  /** The customer's row, or -1; a short name for `key`, which saves memory. */
  readonly row: number;
}

export function createAttempts(): Attempts {
  return { byRow: new Map(), byKey: new Map() };
}

const fine: PickedFault = { variant: 0, tailMs: 0 };
const order = Object.keys(shareFaults) as ShareFault[];

/**
 * Decides by the seed, the operation, its key and the how-many-th attempt at it.
 * Shares below 1 leave every third attempt alone, so that nothing fails for ever.
 */
export function pickFault(seed: number, faults: Faults, attempts: Attempts, toFacts: () => RequestFacts): PickedFault {
  if (faults.shares.size === 0 && faults.latencyTail.share === 0) return fine;
  const facts = toFacts();
  const attempt = countAttempt(attempts, facts);
  const hash = mix(mixText(mixText(seed, facts.operation), facts.key), attempt);
  const name = order.find((candidate, index) => {
    const share = appliesTo(candidate, facts.operation) ? (faults.shares.get(candidate) ?? 0) : 0;
    return share === 1 || (share > 0 && attempt % 3 !== 2 && toUnit(mix(hash, index)) < share);
  });
  const { share, ms } = faults.latencyTail;
  const isSlow = share > 0 && toUnit(mix(hash, 100)) < share;
  return {
    ...(name !== undefined && { name }),
    variant: mix(hash, 101),
    tailMs: isSlow ? ms * toUnit(mix(hash, 102)) ** 3 : 0,
  };
}

function appliesTo(fault: ShareFault, operation: OperationName): boolean {
  switch (fault) {
    case "sign-in-5xx":
      return operation === "Authenticate";
    case "old-flag":
    case "lost-write":
      return operation === "SetCustomerStagingMode";
    case "other-id":
    case "no-flag":
      return operation === "SetCustomerStagingMode" || operation === "GetCustomer";
    case "shifting-rows":
    case "repeat-page":
    case "moving-total":
      return operation === "ListCustomers";
    default:
      return operation !== "Authenticate" && operation !== "GetUserInfo";
  }
}

/** Gives how many attempts there were before this one. */
function countAttempt({ byRow, byKey }: Attempts, { operation, key, row }: RequestFacts): number {
  if (row < 0) {
    const attempt = byKey.get(`${operation} ${key}`) ?? 0;
    byKey.set(`${operation} ${key}`, attempt + 1);
    return attempt;
  }
  let counts = byRow.get(operation);
  if (counts === undefined || counts.length <= row) {
    const longer = new Uint8Array(Math.max(1024, row * 2));
    longer.set(counts ?? []);
    counts = longer;
    byRow.set(operation, counts);
  }
  const attempt = counts[row] ?? 0;
  // A byte is enough: after 255 it goes on at 1, so that every third attempt stays a third one.
  counts[row] = attempt === 255 ? 1 : attempt + 1;
  return attempt;
}
