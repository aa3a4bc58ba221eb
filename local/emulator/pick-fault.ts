import { type ShareFault, shareFaults } from "./fault-names.ts";
import type { Faults } from "./faults.ts";
import type { OperationName } from "./operation-names.ts";
import { mix, mixText, toUnit } from "./random.ts";

/** The fault that was drawn for one request; without a name the request has none. */
export interface PickedFault {
  readonly name?: ShareFault;
  /** Selects the variant of the fault; depends on the seed. */
  readonly variant: number;
  readonly tailMs: number;
}

/** How often each request was sent, by operation and key, so that chance does not depend on the order of requests. */
export type AttemptCounts = Map<string, number>;

/** The stable facts of a request: equal facts give equal chance in every run. */
export interface RequestFacts {
  readonly operation: OperationName;
  /** The customer id, or all members of the request. */
  readonly key: string;
}

const NO_FAULT: PickedFault = { variant: 0, tailMs: 0 };
const order = Object.keys(shareFaults) as ShareFault[];

/**
 * The fault depends on the seed, the operation, the key and the number of the attempt. A share below 1 never hits every
 * third attempt, so that no request fails for ever.
 */
export function pickFault(
  seed: number,
  faults: Faults,
  attempts: AttemptCounts,
  toFacts: () => RequestFacts,
): PickedFault {
  if (faults.shares.size === 0 && faults.latencyTail.share === 0) return NO_FAULT;
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
    case "apply-silently-not":
    case "late-write":
      return operation === "SetCustomerStagingMode";
    case "other-id":
    case "no-flag":
      return operation === "SetCustomerStagingMode" || operation === "GetCustomer";
    case "shifting-rows":
    case "repeat-page":
    case "moving-total":
      return operation === "ListCustomers";
    default:
      return operation !== "Authenticate";
  }
}

/** Returns the number of earlier attempts. */
function countAttempt(attempts: AttemptCounts, { operation, key }: RequestFacts): number {
  const attempt = attempts.get(`${operation} ${key}`) ?? 0;
  attempts.set(`${operation} ${key}`, attempt + 1);
  return attempt;
}
