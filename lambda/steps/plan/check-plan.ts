import { toLimits } from "../../contract/accept-deploy-event.ts";
import { toReleaseKey } from "../../contract/release-name.ts";
import { FinalError } from "../../core/final-error.ts";
import { chunkIds } from "../../core/lookup/id-list.ts";
import { findBreaches } from "../../core/plan/blast-radius.ts";
import type { CandidateWave } from "../../core/plan/candidates.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { comparePlans, describeChanges, type PlanComparison } from "../../core/plan/plan-comparison.ts";
import type { Reason } from "../../core/reasons.ts";
import type { RolloutRecord } from "../../core/rollout-record.ts";
import type { Connection, Ledger, Ports } from "../ports.ts";
import type { FlipRollout } from "../run-part.ts";
import { readLeftOut } from "./check-descendants.ts";

export interface PlanToCheck {
  readonly plan: Plan;
  readonly waves: readonly CandidateWave[];
  readonly connection: Pick<Connection, "readPage">;
}

/**
 * Checks a plan against the policy's guard rails and against the dry run whose hash the event names.
 * @throws FinalError with all problems; no customer was flipped yet
 */
export async function checkPlan(ports: Ports, rollout: FlipRollout, planned: PlanToCheck): Promise<void> {
  const breaches = await readBreaches(ports, rollout, planned);
  const changes = await readChanges(ports, rollout, planned);
  const leftOut = await readLeftOut(ports, rollout, planned);
  const problems: readonly Reason[] = [...breaches, ...changes, ...(leftOut === undefined ? [] : [leftOut])];
  if (problems.length > 0) throw new FinalError(problems);
}

async function readBreaches(ports: Ports, { event }: FlipRollout, { plan, connection }: PlanToCheck) {
  const { policy } = ports;
  const scope = policy.maxShare === undefined ? undefined : await readScope(ports, connection);
  const { maxCustomers } = toLimits(event, policy);
  return findBreaches(plan.waves, { action: event.action, flip: plan.flip, scope }, { ...policy, maxCustomers });
}

/** How many customers the policy's accounts have, by Evo Voice's own count. */
async function readScope({ policy: { accountIds } }: Ports, { readPage }: PlanToCheck["connection"]) {
  const request = { page: 0, pageSize: 1, tagIds: new Map() };
  const pages = await Promise.all(
    chunkIds(accountIds).map((some) => readPage({ ...request, query: { kind: "all", accountIds: some } })),
  );
  const counts = pages.flatMap(({ total }) => total ?? []);
  return counts.length < pages.length ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

async function readChanges(
  { ledger }: Ports,
  rollout: FlipRollout,
  { plan, waves }: PlanToCheck,
): Promise<readonly Reason[]> {
  const { event } = rollout;
  if (event.plan === undefined || plan.hash.startsWith(event.plan)) return [];
  const stale = { plan: event.plan, now: plan.hash };
  const before = await findDryRun(ledger, event.plan);
  if (before === undefined) return [{ code: "unknown-plan", ...stale }];
  if (isOfAnotherEvent(rollout, before)) {
    const retryOf = rollout.source?.rollouts[0]?.rolloutId;
    return [{ code: "plan-of-another-event", plan: event.plan, retryOf }];
  }
  const comparison = comparePlans(waves);
  await readInto(comparison, ledger, before);
  return [{ code: "stale-plan", ...stale, changes: describeChanges(comparison.changes()) }];
}

/** An event has its action and release in common with its dry run; a retry, the rollout that it retries. */
function isOfAnotherEvent({ event, source }: FlipRollout, { event: before }: DryRun): boolean {
  if (source !== undefined) return before.action !== "retry" || before.rolloutId !== source.rollouts[0]?.rolloutId;
  if (before.action !== event.action || !("release" in before)) return true;
  return toReleaseKey(before.release ?? "") !== toReleaseKey(event.release);
}

type DryRun = RolloutRecord & { readonly plan: Plan };

async function findDryRun(ledger: Ledger, hash: string): Promise<DryRun | undefined> {
  const rolloutId = await ledger.findDryRun(hash);
  const record = rolloutId === undefined ? undefined : await ledger.findRollout(rolloutId);
  return record?.plan === undefined ? undefined : { ...record, plan: record.plan };
}

async function readInto(comparison: PlanComparison, ledger: Ledger, { rolloutId, plan }: DryRun): Promise<void> {
  for (const { wave, from, to } of plan.waves) {
    for (let index = from; index < to; index += 1) {
      const { customers } = await ledger.getBatch(rolloutId, index);
      for (const customer of customers) comparison.addBefore({ ...customer, plannedAction: "flip", wave });
    }
  }
  for await (const outcomes of ledger.readOutcomes(rolloutId)) {
    for (const { customerId: id, name, outcome, reason } of outcomes) {
      comparison.addBefore({ id, name, plannedAction: outcome === "unchanged" ? "unchanged" : { skipped: reason } });
    }
  }
}
