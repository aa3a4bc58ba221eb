import { NOT_ATTEMPTED, type Outcome } from "../../core/flip/outcome.ts";
import type { PlannedCustomer } from "../../core/plan/plan.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import type { Ledger } from "../ports.ts";

/**
 * Who is left of a rollout, by its batches: those who failed, were put off or not attempted, or have no outcome because its execution
 * was lost.
 */
export async function* readLeft(
  { getBatch }: Pick<Ledger, "getBatch">,
  { rollouts: [latest] }: SourceRollouts,
): AsyncGenerator<readonly PlannedCustomer[]> {
  if (latest === undefined) return;
  for (let index = 0; index < latest.batches; index += 1) {
    const { customers, outcomes } = await getBatch(latest.rolloutId, index);
    const done = new Set(outcomes.filter((outcome) => !isLeft(outcome)).map(({ customerId }) => customerId));
    yield customers.filter(({ id }) => !done.has(id));
  }
}

function isLeft({ outcome, reason }: Outcome): boolean {
  return outcome === "failed" || outcome === "deferred" || (outcome === "skipped" && reason.startsWith(NOT_ATTEMPTED));
}
