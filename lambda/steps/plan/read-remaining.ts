import type { Outcome } from "../../core/flip/outcome.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ledger } from "../ports.ts";

/**
 * Reads the customers that a rollout left, batch by batch: the customers that failed, were deferred or not attempted, or
 * have no outcome because the execution was lost. The last batches are those of customers that appeared since its lookup.
 */
export async function* readRemaining(
  { readBatches }: Pick<Ledger, "readBatches">,
  { rollouts: [latest] }: SourceRollouts,
): AsyncGenerator<readonly PlannedCustomer[]> {
  if (latest === undefined) return;
  for await (const { customers, outcomes } of readBatches(latest.rolloutId)) {
    const done = new Set(outcomes.filter((outcome) => !isRemaining(outcome)).map(({ customerId }) => customerId));
    yield customers.filter(({ id }) => !done.has(id));
  }
}

/** A customer that was moved after its flip is not flipped again: that may be meant. */
function isRemaining({ outcome, reason }: Outcome): boolean {
  if (outcome === "failed") return reason.code !== "changed-since";
  return outcome === "deferred" || (outcome === "skipped" && reason.code === "not-attempted");
}
