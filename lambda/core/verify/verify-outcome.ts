import type { Outcome } from "../flip/outcome.ts";
import type { Reading } from "../flip/settle-before-flip.ts";

/** A customer to which a request was sent, and what a reading after the settle time shows. */
export interface VerifiedCustomer {
  /** As the ledger has it. */
  readonly outcome: Outcome;
  readonly reading: Reading;
  /** The flag that the request set. */
  readonly flag: boolean;
  /** Whether the flag may be sent once more. */
  readonly maySend: boolean;
}

/**
 * The outcome that the reading shows; undefined when the flag is to be sent once more. A customer that cannot be read keeps
 * its outcome: the reply was the first proof.
 */
export function verifyOutcome({ outcome, reading, flag, maySend }: VerifiedCustomer): Outcome | undefined {
  const isStaging = reading.reading === "found" ? reading.customer.isStaging : undefined;
  const isFlipped = outcome.outcome === "flipped";
  if (isStaging === flag) {
    return isFlipped ? outcome : { ...outcome, outcome: "flipped", reason: { code: "confirmed-by-verification" } };
  }
  if (isStaging === undefined || !isFlipped) return outcome;
  if (maySend) return undefined;
  return { ...outcome, outcome: "failed", reason: { code: "not-applied", isStaging, why: outcome.reason } };
}
