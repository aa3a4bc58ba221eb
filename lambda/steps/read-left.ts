import { NOT_ATTEMPTED, type Outcome } from "../rollout/outcome.ts";
import type { Subject } from "../rollout/records.ts";
import type { FoundCustomer } from "../rollout/roster.ts";
import type { Ledger } from "./ports.ts";

/**
 * Who is left of a rollout: those who failed, were not attempted, or have no outcome because its execution was lost.
 * Where they are is not known here: each is read afresh before its flip, and judged by the policy then.
 */
export async function* readLeft(
  { getBatch }: Pick<Ledger, "getBatch">,
  { rollouts: [latest] }: Subject,
): AsyncGenerator<FoundCustomer> {
  if (latest === undefined) return;
  for (let index = 0; index < latest.batches; index += 1) {
    const { customers, outcomes } = await getBatch(latest.rolloutId, index);
    const done = new Set(outcomes.filter((outcome) => !isLeft(outcome)).map(({ customerId }) => customerId));
    for (const { id, name } of customers) if (!done.has(id)) yield { id, name, accountId: "", isStaging: undefined };
  }
}

function isLeft({ outcome, reason }: Outcome): boolean {
  return outcome === "failed" || (outcome === "skipped" && reason.startsWith(NOT_ATTEMPTED));
}
