import type { CustomerCommand } from "../contract/command.ts";
import { toShortName } from "../core/lookup/short-name.ts";
import { countIndexItems, findIndexItem, findPlaces } from "../core/plan/customer-index.ts";
import type { ListedCustomer } from "../core/report/listed-customer.ts";
import { describeProblems } from "../core/report/report.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { findWave, toListed } from "./list-customers.ts";
import { type ListedRollout, readWithDryRuns, toListedRollout } from "./list-rollouts.ts";
import type { FrontDoorPorts } from "./ports.ts";

/** What the last rollouts planned for one customer, and what became of it, the newest rollout first. */
export interface CustomerFound {
  readonly rollouts: readonly CustomerRollout[];
  /** So many rollouts were searched. */
  readonly searched: number;
}

/** `at` is when the ledger recorded the customer. A reference id may belong to a customer of each account. */
export type CustomerRollout = ListedCustomer &
  Pick<ListedRollout, "rolloutId" | "action" | "release" | "dryRun" | "startedAt" | "requestedBy" | "reason"> & {
    /** Of a customer that a rollback restored, or was to restore: who asked for the rollback, and why. */
    readonly rollback?: Pick<ListedRollout, "requestedBy" | "reason"> | undefined;
  };

const MOST_SEARCHED = 50;

export async function findCustomer(ports: FrontDoorPorts, asked: CustomerCommand): Promise<CustomerFound> {
  const records = await readWithDryRuns(ports, MOST_SEARCHED);
  const found = await Promise.all(records.map((record) => findInRollout(ports, record, asked)));
  return { rollouts: found.flat(), searched: records.length };
}

async function findInRollout(
  { ledger }: FrontDoorPorts,
  record: RolloutRecord,
  { customerId, referenceId = "" }: CustomerCommand,
): Promise<readonly CustomerRollout[]> {
  const { rolloutId, plan } = record;
  if (plan === undefined) return [];
  const name = customerId ?? toShortName(referenceId);
  const index = await ledger.readCustomerIndex(rolloutId, findIndexItem(name, countIndexItems(plan)));
  const places = [...new Set(findPlaces(index, name))];
  if (places.length === 0) return [];
  const items = await ledger.readPlanItems(rolloutId, plan, places);
  const listed = items.flatMap((item, at) => toListed(item, findWave(plan, places[at] as number)));
  const found = listed.filter((each) => (customerId === undefined ? each.referenceId : each.customerId) === name);
  const { action, release, dryRun, startedAt, requestedBy, reason } = toListedRollout(record);
  const rollout = { rolloutId, action, release, dryRun, startedAt, requestedBy, reason };
  const add = async (customer: ListedCustomer): Promise<CustomerRollout> => ({
    ...rollout,
    ...customer,
    rollback: await findRollback(ledger, record, customer),
  });
  return Promise.all(found.map(add));
}

/** A rollout that rolled itself back says why in its report. */
async function findRollback(
  ledger: FrontDoorPorts["ledger"],
  { rolloutId, report }: RolloutRecord,
  { rolledBackBy }: ListedCustomer,
): Promise<CustomerRollout["rollback"]> {
  if (rolledBackBy === undefined) return undefined;
  if (rolledBackBy === rolloutId) return { requestedBy: undefined, reason: describeProblems(report ?? {}) };
  const { requestedBy, reason } = (await ledger.findRollout(rolledBackBy))?.event ?? {};
  return { requestedBy, reason };
}
