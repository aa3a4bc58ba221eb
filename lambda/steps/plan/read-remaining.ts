import type { Outcome } from "../../core/flip/outcome.ts";
import type { PlannedCustomer } from "../../core/plan/plan.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ledger } from "../ports.ts";

/**
 * Reads the customers that a rollout left, batch by batch: the customers that failed, were deferred or not attempted, or
 * have no outcome because the execution was lost.
 */
export async function* readRemaining(
  { getBatch }: Pick<Ledger, "getBatch">,
  { rollouts: [latest] }: SourceRollouts,
): AsyncGenerator<readonly PlannedCustomer[]> {
  if (latest === undefined) return;
  for (let index = 0; index < latest.batches; index += 1) {
    const { customers, outcomes } = await getBatch(latest.rolloutId, index);
    const done = new Set(outcomes.filter((outcome) => !isRemaining(outcome)).map(({ customerId }) => customerId));
    yield customers.filter(({ id }) => !done.has(id));
  }
}

function isRemaining({ outcome, reason }: Outcome): boolean {
  return outcome === "failed" || outcome === "deferred" || (outcome === "skipped" && reason.code === "not-attempted");
}
