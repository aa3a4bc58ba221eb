/** A customer of a plan, as the ledger knows it. */
export interface PlannedCustomer {
  readonly id: string;
  readonly name: string;
  /** What the customer is called in another system; absent when Evo Voice shows none. */
  readonly referenceId?: string | undefined;
}

/** A customer for people: the reference id, the name and the id, as far as they are known. */
export function nameCustomer(customer: PlannedCustomer): string {
  const label = labelCustomer(customer);
  return label === "" ? customer.id : `${label}  (${customer.id})`;
}

/** The same without the id. */
export function labelCustomer({ name, referenceId = "" }: Omit<PlannedCustomer, "id">): string {
  return [referenceId, name].filter((text) => text !== "").join("  ");
}
