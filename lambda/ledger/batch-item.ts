import { OUTCOMES, type Outcome, type OutcomeKind } from "../rollout/outcome.ts";
import type { PlannedCustomer } from "../rollout/plan.ts";
import type { Batch } from "../rollout/records.ts";
import type { Item } from "./table.ts";

type CustomerRow = readonly [id: string, name: string];
type OutcomeRow = readonly [customer: number, kind: number, reason: number];

interface OutcomeRows {
  /** Most outcomes have one of a few reasons: each is written once. */
  readonly reasons: readonly string[];
  readonly rows: readonly OutcomeRow[];
}

/** The customers of a batch, written once: what becomes of them names them by their places. */
export function toCustomersText(customers: readonly PlannedCustomer[]): string {
  return JSON.stringify(customers.map(({ id, name }): CustomerRow => [id, name]));
}

/** What changes of a batch while it is worked on: texts, because the SDK turns a list over entry by entry. */
export function toProgressItem({ customers, intended, outcomes }: Pick<Batch, "customers" | "intended" | "outcomes">) {
  const places = new Map(customers.map(({ id }, place) => [id, place]));
  const placeOf = (id: string): number => {
    const place = places.get(id);
    if (place === undefined) throw new RangeError(`customer ${id} is not in this batch`);
    return place;
  };
  const reasons = new Map<string, number>();
  const rows = outcomes.map(({ customerId, outcome, reason }): OutcomeRow => {
    if (!reasons.has(reason)) reasons.set(reason, reasons.size);
    return [placeOf(customerId), OUTCOMES.indexOf(outcome), reasons.get(reason) as number];
  });
  return {
    intended: JSON.stringify(intended.map(placeOf)),
    outcomes: JSON.stringify({ reasons: [...reasons.keys()], rows } satisfies OutcomeRows),
  };
}

export function fromBatchItem(item: Item): Pick<Batch, "customers" | "intended" | "outcomes"> {
  const customers = (JSON.parse(item.customers as string) as CustomerRow[]).map(([id, name]) => ({ id, name }));
  const at = (place: number) => customers[place] as PlannedCustomer;
  const { reasons, rows } = JSON.parse(item.outcomes as string) as OutcomeRows;
  const outcomes = rows.map(
    ([place, kind, reason]): Outcome => ({
      customerId: at(place).id,
      name: at(place).name,
      outcome: OUTCOMES[kind] as OutcomeKind,
      reason: reasons[reason] as string,
    }),
  );
  const intended = item.intended === undefined ? [] : (JSON.parse(item.intended as string) as number[]);
  return { customers, intended: intended.map((place) => at(place).id), outcomes };
}
