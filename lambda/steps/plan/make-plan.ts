import { wantedFlag } from "../../contract/deploy-event.ts";
import { askFromTheFirst, findApproval, toWaves } from "../../contract/strategy.ts";
import type { Wave } from "../../contract/wave.ts";
import { FinalError } from "../../core/final-error.ts";
import { namedCustomers, namedReferences } from "../../core/lookup/customer-query.ts";
import { toSelection } from "../../core/lookup/selection.ts";
import { toShortName } from "../../core/lookup/short-name.ts";
import { type Candidate, type CandidateWave, createCandidates } from "../../core/plan/candidates.ts";
import { countIndexItems, toIndexItems } from "../../core/plan/customer-index.ts";
import { type Plan, planRollout, toBatches, toSettled } from "../../core/plan/plan.ts";
import type { LookupProgress } from "../lookup/lookup-run.ts";
import { readAccepted } from "../lookup/read-accepted.ts";
import { readSelection } from "../lookup/read-selection.ts";
import type { Ledger, Ports } from "../ports.ts";
import type { FlipRollout, Progress, StepRun } from "../run-part.ts";
import { runUnlessAborted } from "../run-unless-aborted.ts";
import { checkPlan, type PlanToCheck } from "./check-plan.ts";
import { readRemaining } from "./read-remaining.ts";

export interface PlanProgress extends Progress {
  readonly plan?: Plan | undefined;
  /** How many of the plan's items the ledger has. */
  readonly written: number;
}

export const PLAN_START: PlanProgress = { done: false, idleParts: 0, written: 0 };

const WRITES_AT_ONCE = 8;

/** Of the unknown customers, a report names so many: with all of them, report and event could be too large for one item. */
const MOST_NAMED = 20;

/**
 * Makes the plan from the customers that the lookup wrote into the ledger, and writes its batches there.
 * @throws FinalError when no customer is selected, when the event names customers that do not exist and the policy does
 * not allow to skip them, when a guard rail refuses the plan, or when it is not the plan that the event names
 */
export async function makePlan(
  ports: Ports,
  rollout: FlipRollout,
  run: StepRun,
  { lookup, from }: { readonly lookup: LookupProgress; readonly from: PlanProgress },
): Promise<PlanProgress> {
  const options = { run, from, pace: from.pace ?? lookup.pace, mark: `item ${from.written}` };
  return runUnlessAborted(ports, rollout, options, async ({ connection, log, untilMs, isAborted }) => {
    const { waves, namedIds, unresolved } = await readCandidates(ports, rollout, lookup);
    if (unresolved.length > 0 && ports.policy.unknownCustomers === "refuse")
      throw new FinalError({
        code: "unknown-customers",
        named: unresolved.slice(0, MOST_NAMED),
        more: Math.max(0, unresolved.length - MOST_NAMED),
      });
    if (waves.every(({ candidates }) => candidates.length === 0))
      throw new FinalError({ code: rollout.source === undefined ? "none-selected" : "none-left" });
    const plan = from.plan ?? (await planAndCheck(ports, rollout, { waves, namedIds, connection }));
    const mayGoOn = () => !isAborted() && ports.nowMs() < untilMs;
    const written = await writeItems(ports, rollout, { plan, waves }, { from: from.written, mayGoOn });
    const done = written === plan.batches + plan.settledItems + countIndexItems(plan);
    if (done) await notePlan(ports, rollout, plan);
    log.info("planned", {
      flip: plan.flip,
      unchanged: plan.unchanged,
      skipped: plan.skipped,
      hash: plan.hash,
    });
    return { done, idleParts: 0, pace: options.pace, plan, written };
  });
}

async function planAndCheck(
  ports: Ports,
  rollout: FlipRollout,
  { namedIds, ...planned }: Omit<PlanToCheck, "plan"> & Pick<FoundCandidates, "namedIds">,
): Promise<Plan> {
  const plan = planRollout(rollout.event, planned.waves, namedIds);
  await checkPlan(ports, rollout, { ...planned, plan });
  return plan;
}

async function notePlan({ ledger }: Ports, { rolloutId, event }: FlipRollout, plan: Plan): Promise<void> {
  await ledger.notePlan(rolloutId, plan);
  if (event.dryRun) await ledger.noteDryRun(plan.hash, rolloutId);
}

interface FoundCandidates {
  readonly waves: readonly CandidateWave[];
  /** Ids of the customers that the event names by id or reference id. */
  readonly namedIds: ReadonlySet<string>;
  /** Ids and reference ids that the event names and no customer has. */
  readonly unresolved: readonly string[];
}

/** All customers that the lookup found; a retry plans only the customers that its source rollout left. */
async function readCandidates(ports: Ports, rollout: FlipRollout, lookup: LookupProgress): Promise<FoundCandidates> {
  const { ledger, policy } = ports;
  const { event, rolloutId, source } = rollout;
  const selection = await readSelection(ports, rollout);
  const references = new Map([...namedReferences(selection)].map((referenceId) => [referenceId, new Set<string>()]));
  const isRetry = source !== undefined;
  const candidates = createCandidates({ release: event.release, wantedFlag: wantedFlag(event.action), isRetry });
  const unknownIds: string[] = [];
  for await (const found of readAccepted(ledger, rolloutId, lookup)) {
    for (const customer of found.customers) {
      if (customer.skip?.code === "unknown-customer") unknownIds.push(customer.id);
      candidates.add(customer);
    }
    for (const [referenceId, customerId] of found.references) references.get(referenceId)?.add(customerId);
  }
  refuseAmbiguous(references, selection.guarded.referenceIds);
  const unknownReferences = [...references].flatMap(([referenceId, ids]) => (ids.size === 0 ? referenceId : []));
  for (const referenceId of unknownReferences) candidates.add(toUnknown(referenceId));
  if (source !== undefined)
    for await (const customers of readRemaining(ledger, source)) customers.forEach(candidates.markRemaining);
  // The customers that are left may be of any wave, also of one that was not approved.
  const asks = isRetry
    ? (findApproval(source.how?.strategy, policy) ?? findApproval(event.strategy, policy))
    : undefined;
  const toRetryWaves = (waves: readonly Wave[]) => (asks === undefined ? waves : askFromTheFirst(waves, asks));
  // The targets of a retry are those of its source rollout and cannot be corrected: it leaves out what is gone.
  const named = isRetry ? toSelection({ ...event, targets: [] }, policy) : selection;
  return {
    waves: candidates.toWaves((flips) => toRetryWaves(toWaves(event, policy, flips))),
    namedIds: new Set([
      ...selection.named.customerIds,
      ...selection.named.referenceIds.flatMap((referenceId) => toIds(referenceId, references)),
    ]),
    unresolved: [
      ...keepNamed(unknownIds, namedCustomers(named)),
      ...keepNamed(unknownReferences, namedReferences(named)).map((referenceId) => toUnknown(referenceId).id),
    ],
  };
}

function keepNamed(unknown: readonly string[], named: ReadonlySet<string>): readonly string[] {
  return unknown.filter((id) => named.has(id));
}

/** A reference id that no customer has stands in the plan like a customer, skipped. */
function toIds(referenceId: string, references: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const ids = [...(references.get(referenceId) ?? [])];
  return ids.length > 0 ? ids : [toUnknown(referenceId).id];
}

function toUnknown(referenceId: string): Candidate {
  const id = toShortName(`reference ${referenceId}`);
  return { id, name: "", isStaging: undefined, skip: { code: "unknown-reference" } };
}

/** A reference id that several customers carry does not say which customer is meant; a protection means all of them. */
function refuseAmbiguous(references: ReadonlyMap<string, ReadonlySet<string>>, guarded: readonly string[]): void {
  const ambiguous = [...references].filter(
    ([referenceId, customerIds]) => customerIds.size > 1 && !guarded.includes(referenceId),
  );
  if (ambiguous.length === 0) return;
  throw new FinalError({
    code: "ambiguous-references",
    references: ambiguous.map(([referenceId, ids]) => ({ referenceId, customerIds: [...ids].sort() })),
  });
}

/** Writes the items from one on, in order, and returns how many are written. Writing an item again changes nothing. */
interface PlannedWaves {
  readonly plan: Plan;
  readonly waves: readonly CandidateWave[];
}

async function writeItems(
  { ledger }: Ports,
  { rolloutId }: FlipRollout,
  planned: PlannedWaves,
  { from, mayGoOn }: { readonly from: number; readonly mayGoOn: () => boolean },
): Promise<number> {
  let index = 0;
  const pending: Promise<void>[] = [];
  for (const put of toWrites(ledger, rolloutId, planned)) {
    index += 1;
    if (index <= from) continue;
    const writing = put();
    // The error is thrown where the write is awaited; a write that is not awaited follows one that has ended the step.
    writing.catch(() => undefined);
    pending.push(writing);
    if (pending.length < WRITES_AT_ONCE) continue;
    await pending.shift();
    if (!mayGoOn()) break;
  }
  await Promise.all(pending);
  return index;
}

/** First the batches, then the settled outcomes, then the index of both; each is written when it is called. */
function* toWrites(ledger: Ledger, rolloutId: string, { plan, waves }: PlannedWaves): Generator<() => Promise<void>> {
  let [batch, settled, item] = [0, 0, 0];
  for (const customers of toBatches(waves)) {
    const index = batch++;
    yield () => ledger.putBatch(rolloutId, index, customers);
  }
  for (const outcomes of toSettled(waves)) {
    const index = settled++;
    yield () => ledger.putSettled(rolloutId, index, outcomes);
  }
  for (const entries of toIndexItems(waves, countIndexItems(plan))) {
    const index = item++;
    yield () => ledger.putCustomerIndex(rolloutId, index, entries);
  }
}
