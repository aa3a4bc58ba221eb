import { wantedFlag } from "../../contract/deploy-event.ts";
import type { Outcome } from "../../core/flip/outcome.ts";
import { chunk } from "../../core/lookup/chunk.ts";
import type { Candidate } from "../../core/plan/candidates.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { PlannedCustomer } from "../../core/plan/planned-customer.ts";
import { toAppeared, toChangedSince } from "../../core/verify/end-differences.ts";
import { type LookupProgress, toEndListing } from "../lookup/lookup-run.ts";
import { readAccepted } from "../lookup/read-accepted.ts";
import type { Ledger, Ports } from "../ports.ts";
import type { FlipRollout, Locked } from "../run-part.ts";

export interface EndListing {
  readonly plan: Plan;
  readonly listing: LookupProgress;
}

/**
 * Records the customers that the listing at the end found. One of the plan has changed since. Any other has appeared: it gets
 * its place in a batch after those of the plan, where a retry finds it. Recording again changes nothing.
 */
export async function recordEnd(
  { ledger, log }: Pick<Ports, "ledger" | "log">,
  { rolloutId, event }: Locked<FlipRollout>,
  { plan, listing }: EndListing,
): Promise<void> {
  const found = new Map<string, Candidate>();
  for await (const { customers } of readAccepted(ledger, toEndListing(rolloutId), listing))
    for (const customer of customers) if (!isGone(customer)) found.set(customer.id, customer);
  let item = -plan.settledItems;
  for await (const outcomes of ledger.readOutcomes(rolloutId)) {
    if (item === plan.batches) break;
    const changed = new Set(outcomes.flatMap(({ customerId: id }) => (found.delete(id) ? id : [])));
    const correct = (outcome: Outcome) =>
      changed.has(outcome.customerId) ? toChangedSince(outcome, wantedFlag(event.action)) : outcome;
    if (changed.size > 0 && item < 0)
      await ledger.putSettled(rolloutId, item + plan.settledItems, outcomes.map(correct));
    else if (changed.size > 0) await correctBatch(ledger, { rolloutId, index: item }, correct);
    item += 1;
  }
  const appeared = [...found.values()]
    .filter(({ skip }) => skip === undefined)
    .map(({ id, name, referenceId }) => ({ id, name, referenceId }));
  for (const [index, customers] of chunk(appeared).entries())
    await addBatch(ledger, { rolloutId, index: plan.batches + index }, customers);
  log.info("differences recorded", { rolloutId, found: listing.found, appeared: appeared.length });
}

/** A customer that the event names, and that was deleted. */
function isGone({ skip }: Candidate): boolean {
  return skip?.code === "unknown-customer";
}

interface Place {
  readonly rolloutId: string;
  readonly index: number;
}

/** A customer that this rollout flipped stays one that a rollback restores. */
async function correctBatch(
  ledger: Ledger,
  { rolloutId, index }: Place,
  correct: (outcome: Outcome) => Outcome,
): Promise<void> {
  const batch = await ledger.getBatch(rolloutId, index);
  const flipped = batch.outcomes.filter((one) => one.outcome === "flipped" && correct(one) !== one);
  await ledger.recordBatch({
    ...batch,
    outcomes: batch.outcomes.map(correct),
    intended: [...batch.intended, ...flipped.map(({ customerId }) => customerId)],
  });
}

async function addBatch(
  ledger: Ledger,
  { rolloutId, index }: Place,
  customers: readonly PlannedCustomer[],
): Promise<void> {
  await ledger.putBatch(rolloutId, index, customers);
  const batch = await ledger.getBatch(rolloutId, index);
  await ledger.recordBatch({ ...batch, outcomes: customers.map(toAppeared) });
}
