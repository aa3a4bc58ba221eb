import { OUTCOMES, type Outcome, type OutcomeKind } from "../core/flip/outcome.ts";
import type { Batch } from "../core/plan/plan.ts";
import type { PlannedCustomer } from "../core/plan/planned-customer.ts";
import type { Reason } from "../core/reasons.ts";
import type { Item } from "./table.ts";

type CustomerRow = readonly [id: string, name: string, referenceId?: string | undefined];
type OutcomeRow = readonly [customer: number, kind: number, reason: number];

interface OutcomeRows {
  /** Each distinct reason is stored once, because most outcomes share a few reasons. */
  readonly reasons: readonly Reason[];
  readonly rows: readonly OutcomeRow[];
}

/** The customers of a batch, stored once: progress refers to them by their index. */
export function toCustomersText(customers: readonly PlannedCustomer[]): string {
  return JSON.stringify(customers.map(toCustomerRow));
}

type Progress = Pick<Batch, "intended" | "outcomes" | "restoring" | "rollback" | "rolledBackBy">;

/** The attributes of a batch that change. They are JSON texts, because the SDK converts lists entry by entry. */
export function toProgressItem({ customers, ...progress }: Pick<Batch, "customers"> & Progress) {
  const { intended, outcomes, restoring, rollback, rolledBackBy } = progress;
  const places = new Map(customers.map(({ id }, place) => [id, place]));
  const placeOf = (id: string): number => {
    const place = places.get(id);
    if (place === undefined) throw new RangeError(`customer ${id} is not in this batch`);
    return place;
  };
  return {
    intended: JSON.stringify(intended.map(placeOf)),
    outcomes: toOutcomesText(outcomes, placeOf),
    // Most rollouts are never rolled back.
    ...(restoring.length + rollback.length > 0 && {
      restoring: JSON.stringify(restoring.map(placeOf)),
      rollback: toOutcomesText(rollback, placeOf),
      ...(rolledBackBy !== undefined && { rolledBackBy }),
    }),
  };
}

function toOutcomesText(outcomes: readonly Outcome[], placeOf: (id: string) => number): string {
  const places = new Map<string, number>();
  const reasons: Reason[] = [];
  const rows = outcomes.map(({ customerId, outcome, reason }): OutcomeRow => {
    const text = JSON.stringify(reason);
    const place = places.get(text) ?? reasons.push(reason) - 1;
    places.set(text, place);
    return [placeOf(customerId), OUTCOMES.indexOf(outcome), place];
  });
  return JSON.stringify({ reasons, rows } satisfies OutcomeRows);
}

/** A missing attribute gives an empty member. */
export function fromBatchItem(item: Item): Pick<Batch, "customers"> & Progress {
  const customers = (JSON.parse(item.customers as string) as CustomerRow[]).map(fromCustomerRow);
  return {
    customers,
    intended: fromIdsText(item.intended, customers),
    outcomes: fromOutcomesText(item.outcomes, customers),
    restoring: fromIdsText(item.restoring, customers),
    rollback: fromOutcomesText(item.rollback, customers),
    rolledBackBy: item.rolledBackBy as string | undefined,
  };
}

function toCustomerRow({ id, name, referenceId }: PlannedCustomer): CustomerRow {
  return referenceId === undefined ? [id, name] : [id, name, referenceId];
}

function fromCustomerRow([id, name, referenceId]: CustomerRow): PlannedCustomer {
  return { id, name, ...(referenceId !== undefined && { referenceId }) };
}

function fromIdsText(text: unknown, customers: readonly PlannedCustomer[]): readonly string[] {
  if (text === undefined) return [];
  return (JSON.parse(text as string) as number[]).map((place) => (customers[place] as PlannedCustomer).id);
}

function fromOutcomesText(text: unknown, customers: readonly PlannedCustomer[]): readonly Outcome[] {
  if (text === undefined) return [];
  const { reasons, rows } = JSON.parse(text as string) as OutcomeRows;
  return rows.map(([place, kind, reason]): Outcome => {
    const { id: customerId, ...named } = customers[place] as PlannedCustomer;
    return {
      customerId,
      ...named,
      outcome: OUTCOMES[kind] as OutcomeKind,
      reason: reasons[reason] as Reason,
    };
  });
}
