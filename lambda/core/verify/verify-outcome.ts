import type { Reading } from "../flip/flip-result.ts";
import type { Outcome } from "../flip/outcome.ts";
import type { Reason } from "../reasons.ts";

/** A customer that may have been flipped, and what a reading after the settle time shows. */
export interface VerifiedCustomer {
  /** As the ledger has it. */
  readonly outcome: Outcome;
  readonly reading: Reading;
  /** The flag that the request set. */
  readonly flag: boolean;
}

/** The outcome that the reading shows. A customer that cannot be read keeps its outcome: the reply was the first proof. */
export function verifyOutcome({ outcome, reading, flag }: VerifiedCustomer): Outcome {
  const isStaging = reading.reading === "found" ? reading.customer.isStaging : undefined;
  if (isStaging === undefined) return outcome;
  if (isStaging === flag) {
    const isFlipped = outcome.outcome === "flipped";
    return isFlipped ? outcome : { ...outcome, outcome: "flipped", reason: { code: "confirmed-by-verification" } };
  }
  const { reason } = outcome;
  if (reason.code === "not-applied") return outcome;
  const why = reason.code === "may-be-flipped" ? reason.why : reason;
  return { ...outcome, outcome: "failed", reason: { code: "not-applied", isStaging, why } };
}

/** Whether Evo Voice had confirmed the flag that a reading does not show: then it is worth another request. */
export function isWorthAnotherTry({ reason }: Outcome): boolean {
  return reason.code === "not-applied" && CONFIRMED.includes(reason.why.code);
}

const CONFIRMED: readonly Reason["code"][] = [
  "confirmed-by-reply",
  "confirmed-by-reading",
  "confirmed-after-restart",
  "confirmed-by-verification",
];
