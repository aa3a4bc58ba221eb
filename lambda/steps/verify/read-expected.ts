import { type Expected, isSettled } from "../../core/verify/end-differences.ts";
import type { Ledger } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";

/**
 * Reads which customers should have the wanted flag. A customer of a rollout that this rollout retries has not appeared,
 * but it is not of this plan.
 */
export async function readExpected(
  { readOutcomes, findRollout }: Pick<Ledger, "readOutcomes" | "findRollout">,
  { rolloutId, source }: Pick<FlipRollout, "rolloutId" | "source">,
): Promise<Expected> {
  const expected = new Map<string, boolean>();
  for (let retried = source?.rollouts[0]; retried !== undefined; ) {
    for await (const outcomes of readOutcomes(retried.rolloutId))
      for (const { customerId } of outcomes) expected.set(customerId, false);
    retried = (await findRollout(retried.rolloutId))?.source?.rollouts[0];
  }
  for await (const outcomes of readOutcomes(rolloutId))
    for (const outcome of outcomes) expected.set(outcome.customerId, isSettled(outcome));
  return expected;
}
