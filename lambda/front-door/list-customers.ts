import type { CustomersCommand } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Outcome } from "../core/flip/outcome.ts";
import type { Plan } from "../core/plan/plan.ts";
import { explain } from "../core/reasons.ts";
import type { ListedCustomer } from "../core/report/listed-customer.ts";
import { toRollbackException } from "../core/report/report.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import type { FrontDoorPorts, PlanItem } from "./ports.ts";

/**
 * A page of a rollout's customers: first those that the plan flips, wave by wave, then those that the plan alone settles,
 * then those that appeared since.
 */
export interface CustomersListed {
  readonly rolloutId: string;
  readonly customers: readonly ListedCustomer[];
  /** For the next page; absent on the last page. */
  readonly after?: number | undefined;
}

/** A page ends at the first of them. An item of the plan has at most 150 customers. */
const MOST_CUSTOMERS = 500;
const MOST_ITEMS = 100;
const ITEMS_AT_ONCE = 4;

/** @throws RefusedError for an unknown rollout, and for a rollout without a plan */
export async function listCustomers(ports: FrontDoorPorts, asked: CustomersCommand): Promise<CustomersListed> {
  const { rolloutId, wave, outcome, after = 0 } = asked;
  const plan = await getPlan(ports, rolloutId);
  const { from, to } = wave === undefined ? { from: 0, to: Number.POSITIVE_INFINITY } : getWave(plan, wave);
  const customers: ListedCustomer[] = [];
  const first = Math.max(after, from);
  let [next, isEnd] = [first, false];
  while (!isEnd && customers.length < MOST_CUSTOMERS && next - first < MOST_ITEMS) {
    const places = Array.from({ length: Math.min(ITEMS_AT_ONCE, to - next) }, (_, index) => next + index);
    const items = await ports.ledger.readPlanItems(rolloutId, plan, places);
    const listed = items.flatMap((item, index) => toListed(item, findWave(plan, places[index] as number)));
    customers.push(...listed.filter((one) => outcome === undefined || one.outcome === outcome));
    next += items.length;
    isEnd = next >= to || items.length < places.length;
  }
  return { rolloutId, customers, ...(!isEnd && { after: next }) };
}

async function getPlan({ ledger }: FrontDoorPorts, rolloutId: string): Promise<Plan> {
  const record = await ledger.findRollout(rolloutId);
  if (record?.plan !== undefined) return record.plan;
  throw new RefusedError(`there are no customers to list: ${describeMissing(rolloutId, record)}`);
}

function describeMissing(rolloutId: string, record: RolloutRecord | undefined): string {
  if (record === undefined) return `no rollout ${rolloutId} is known`;
  const sources = record.source?.rollouts.map((one) => one.rolloutId) ?? [];
  if (record.event.action === "rollback")
    return `rollout ${rolloutId} is a rollback; ask for the customers of ${sources.join(", ") || "its source rollout"}`;
  return `rollout ${rolloutId} has no plan, or not yet`;
}

function getWave({ waves }: Plan, wave: number) {
  const found = waves.find((each) => each.wave === wave);
  if (found !== undefined) return found;
  throw new RefusedError(`the plan has no wave ${wave}; expected a wave from 1 to ${waves.length}`);
}

export function findWave({ waves }: Plan, place: number): number | undefined {
  return waves.find(({ from, to }) => from <= place && place < to)?.wave;
}

export function toListed(item: PlanItem, wave: number | undefined): readonly ListedCustomer[] {
  const outcomes = new Map(item.outcomes.map((outcome) => [outcome.customerId, outcome]));
  const restores = new Map(item.rollback.map((outcome) => [outcome.customerId, outcome]));
  return item.customers.map(({ id, name, referenceId }) => {
    const outcome = outcomes.get(id);
    return {
      customerId: id,
      name,
      referenceId,
      wave,
      plannedAction: toPlannedAction(wave, outcome),
      ...toOutcome(outcome, restores.get(id), item.rolledBackBy),
      at: new Date(item.writtenAtMs).toISOString(),
    };
  });
}

function toPlannedAction(wave: number | undefined, outcome: Outcome | undefined): ListedCustomer["plannedAction"] {
  if (wave !== undefined) return "flip";
  if (outcome?.reason.code === "appeared") return undefined;
  return outcome?.outcome === "skipped" ? "skip" : "unchanged";
}

/** What a rollback did to a customer stands before what the rollout did to it. */
function toOutcome(outcome: Outcome | undefined, restore: Outcome | undefined, rolledBackBy: string | undefined) {
  const last = restore ?? outcome;
  if (last === undefined) return {};
  const { code, message } = explain(last.reason);
  if (restore === undefined) return { outcome: last.outcome, code, message };
  const restored = restore.outcome === "flipped" ? ("restored" as const) : toRollbackException(restore).outcome;
  return { outcome: restored, code, message, rolledBackBy };
}
