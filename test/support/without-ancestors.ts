interface Related {
  readonly id: string;
  readonly parentCustomerId?: string | undefined;
}

/**
 * Who of the planned customers is flipped while Evo Voice may move children along with their parents: nobody who is above
 * a customer that is not planned.
 */
export function withoutAncestors<Customer extends Related>(
  planned: readonly Customer[],
  all: readonly Customer[],
): readonly Customer[] {
  const byId = new Map(all.map((customer) => [customer.id, customer]));
  const plannedIds = new Set(planned.map(({ id }) => id));
  const above = new Set<string>();
  for (const { id, parentCustomerId } of all) {
    if (plannedIds.has(id)) continue;
    for (let up = parentCustomerId; up !== undefined && !above.has(up); up = byId.get(up)?.parentCustomerId)
      above.add(up);
  }
  return planned.filter(({ id }) => !above.has(id));
}
