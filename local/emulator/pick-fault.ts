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

/** How often each request was made, by its operation and key, so that chance never depends on their order. */
export type AttemptCounts = Map<string, number>;

/** What is stable about a request: the same facts give the same chance in every run. */
export interface RequestFacts {
  readonly operation: OperationName;
  /** A customer, or all of the request's members. */
  readonly key: string;
}

const fine: PickedFault = { variant: 0, tailMs: 0 };
const order = Object.keys(shareFaults) as ShareFault[];

/**
 * Decides by the seed, the operation, its key and the how-many-th attempt at it.
 * Shares below 1 leave every third attempt alone, so that nothing fails for ever.
 */
export function pickFault(
  seed: number,
  faults: Faults,
  attempts: AttemptCounts,
  toFacts: () => RequestFacts,
): PickedFault {
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
function countAttempt(attempts: AttemptCounts, { operation, key }: RequestFacts): number {
  const attempt = attempts.get(`${operation} ${key}`) ?? 0;
  attempts.set(`${operation} ${key}`, attempt + 1);
  return attempt;
}
