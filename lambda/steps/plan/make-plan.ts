import { wantedFlag } from "../../contract/deploy-event.ts";
import { toWaves } from "../../contract/strategy.ts";
import { FinalError } from "../../core/final-error.ts";
import { namedCustomers, namedReferences } from "../../core/lookup/customer-query.ts";
import { toSelection } from "../../core/lookup/selection.ts";
import { toShortName } from "../../core/lookup/short-name.ts";
import { createRoster, type FoundCustomer, type Ranking, type Roster } from "../../core/plan/candidates.ts";
import { type Plan, planRollout, toBatches, toSettled } from "../../core/plan/plan.ts";
import { countNamed } from "../../core/report/count-named.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import { UNKNOWN_CUSTOMER } from "../lookup/look-up.ts";
import type { LookupProgress } from "../lookup/lookup-run.ts";
import { readSelection } from "../lookup/read-selection.ts";
import type { Ledger, Ports } from "../ports.ts";
import type { FlipRollout, Progress, StepRun } from "../run-part.ts";
import { runUnlessAborted } from "../run-unless-aborted.ts";
import { checkPlan, type PlanToCheck } from "./check-plan.ts";
import { readLeft } from "./read-remaining.ts";

export interface PlanProgress extends Progress {
  readonly plan?: Plan | undefined;
  /** How many of the plan's items are in the ledger. */
  readonly written: number;
}

export const PLAN_START: PlanProgress = { done: false, idleParts: 0, written: 0 };

const WRITES_AT_ONCE = 8;
const MOST_NAMED = 20;

interface Found {
  readonly ranking: Ranking;
  /** Ids of the customers that the event names by id or reference id. */
  readonly namedIds: ReadonlySet<string>;
  /** What the event names and no customer has; a person reads it. */
  readonly unresolved: readonly string[];
}

/**
 * Makes the plan from what the lookup left in the ledger, and writes its batches there.
 * @throws FinalError when nobody is selected, when customers are named that do not exist and the policy does not allow to
 * skip them, or when the plan is refused by a guard rail or is not the one that the event was made from
 */
export async function makePlan(
  ports: Ports,
  rollout: FlipRollout,
  run: StepRun,
  { lookup, from }: { readonly lookup: LookupProgress; readonly from: PlanProgress },
): Promise<PlanProgress> {
  const options = { run, from, pace: from.pace ?? lookup.pace, mark: `item ${from.written}` };
  return runUnlessAborted(ports, rollout, options, async ({ connection, untilMs, isAborted }) => {
    const { ranking, namedIds, unresolved } = await readRoster(ports, rollout, lookup);
    if (unresolved.length > 0 && ports.policy.unknownCustomers === "refuse") throw new FinalError(explain(unresolved));
    if (ranking.size === 0) throw new FinalError(rollout.source === undefined ? NOBODY : NOBODY_LEFT);
    const plan = from.plan ?? (await planChecked(ports, rollout, { ranking, namedIds, connection }));
    const mayGoOn = () => !isAborted() && ports.nowMs() < untilMs;
    const written = await writeItems(ports, rollout, ranking, { from: from.written, mayGoOn });
    const done = written === plan.batches + plan.settledItems;
    if (done) await notePlan(ports, rollout, plan);
    ports.log.info("planned", {
      rolloutId: rollout.rolloutId,
      flip: plan.flip,
      unchanged: plan.unchanged,
      skipped: plan.skipped,
      hash: plan.hash,
    });
    return { done, idleParts: 0, pace: options.pace, plan, written };
  });
}

const NOBODY =
  "no customer of the policy's accounts is selected by the event's targets, so nobody was flipped; correct the targets, or the policy's accountIds";

const NOBODY_LEFT =
  "nobody of that rollout failed or was left, so nobody was flipped; send a new event for anything else";

async function planChecked(
  ports: Ports,
  rollout: FlipRollout,
  { namedIds, ...planned }: Omit<PlanToCheck, "plan"> & Pick<Found, "namedIds">,
): Promise<Plan> {
  const named = countNamed(planned.ranking, namedIds);
  const plan = { ...planRollout(rollout.event, planned.ranking), ...(named && { named }) };
  await checkPlan(ports, rollout, { ...planned, plan });
  return plan;
}

async function notePlan({ ledger }: Ports, { rolloutId, event }: FlipRollout, plan: Plan): Promise<void> {
  await ledger.notePlan(rolloutId, plan);
  if (event.dryRun) await ledger.noteDryRun(plan.hash, rolloutId);
}

/** Everybody whom the lookup found; a retry plans only those who are left of the rollout that it goes on with. */
async function readRoster(ports: Ports, rollout: FlipRollout, lookup: LookupProgress): Promise<Found> {
  const { ledger, policy } = ports;
  const { event, rolloutId, source } = rollout;
  const selection = await readSelection(ports, rollout);
  const references = new Map([...namedReferences(selection)].map((referenceId) => [referenceId, new Set<string>()]));
  const expected = lookup.found + references.size;
  const roster = createRoster({ release: event.release, wantedFlag: wantedFlag(event.action), expected });
  const unknownIds: string[] = [];
  for await (const found of readAccepted(ledger, rolloutId, lookup)) {
    for (const customer of found.customers) {
      if (customer.skip === UNKNOWN_CUSTOMER) unknownIds.push(customer.id);
      roster.add(customer);
    }
    for (const [referenceId, customerId] of found.references) references.get(referenceId)?.add(customerId);
  }
  refuseAmbiguous(references);
  const unknownReferences = [...references].flatMap(([referenceId, ids]) => (ids.size === 0 ? referenceId : []));
  for (const referenceId of unknownReferences) roster.add(toUnknown(referenceId));
  if (source !== undefined) await narrow(roster, ledger, source);
  // What the event of a retry names nobody can correct: it goes on without whoever is gone.
  const named = source === undefined ? selection : toSelection({ ...event, targets: [] }, policy);
  return {
    ranking: roster.seal(toWaves(event, policy)),
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

/** A reference id that no customer has stands in the plan as a customer of its own. */
function toIds(referenceId: string, references: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const ids = [...(references.get(referenceId) ?? [])];
  return ids.length > 0 ? ids : [toUnknown(referenceId).id];
}

function toUnknown(referenceId: string): FoundCustomer {
  const id = toShortName(`reference ${referenceId}`);
  return { id, name: "", accountId: "", isStaging: undefined, skip: "no customer has this reference id" };
}

async function narrow(roster: Roster, ledger: Ledger, source: SourceRollouts): Promise<void> {
  const narrowed = roster.narrow();
  for await (const customers of readLeft(ledger, source)) for (const customer of customers) narrowed.take(customer);
}

async function* readAccepted(ledger: Ledger, rolloutId: string, { accepted }: LookupProgress) {
  for (const [listing, pass] of accepted.entries()) yield* ledger.readFound(rolloutId, listing, pass);
}

/** A reference id that several customers carry does not say who is meant. */
function refuseAmbiguous(references: ReadonlyMap<string, ReadonlySet<string>>): void {
  const ambiguous = [...references].filter(([, customerIds]) => customerIds.size > 1);
  if (ambiguous.length === 0) return;
  const list = ambiguous
    .slice(0, MOST_NAMED)
    .map(([referenceId, ids]) => `${referenceId} (${[...ids].sort().slice(0, 5).join(", ")})`);
  throw new FinalError(
    `several customers carry the same reference id, so nobody was flipped: ${list.join("; ")}; name them by customerIds`,
  );
}

function explain(unresolved: readonly string[]): string {
  const more = unresolved.length > MOST_NAMED ? ` and ${unresolved.length - MOST_NAMED} more` : "";
  return `the event names customers that Evo Voice does not have, so nobody was flipped: ${unresolved.slice(0, MOST_NAMED).join(", ")}${more}; correct the event, or set the policy's unknownCustomers to "skip"`;
}

/** Writes items in order, from one on; an item that is there already is written again, the same. */
async function writeItems(
  { ledger }: Ports,
  { rolloutId }: FlipRollout,
  ranking: Ranking,
  { from, mayGoOn }: { readonly from: number; readonly mayGoOn: () => boolean },
): Promise<number> {
  let index = 0;
  let batches = 0;
  const pending: Promise<void>[] = [];
  const write = async (put: () => Promise<void>): Promise<boolean> => {
    index += 1;
    if (index <= from) return true;
    const writing = put();
    // Whoever awaits it gets the error; when nobody does, another write has ended the step.
    writing.catch(() => undefined);
    pending.push(writing);
    if (pending.length < WRITES_AT_ONCE) return true;
    await pending.shift();
    return mayGoOn();
  };
  const flush = async () => {
    await Promise.all(pending);
    return index;
  };
  for (const customers of toBatches(ranking)) {
    const batch = batches;
    batches += 1;
    if (!(await write(() => ledger.putBatch(rolloutId, batch, customers)))) return flush();
  }
  for (const outcomes of toSettled(ranking)) {
    const settled = index - batches;
    if (!(await write(() => ledger.putSettled(rolloutId, settled, outcomes)))) return flush();
  }
  return flush();
}
