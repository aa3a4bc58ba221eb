import { toHeldBack } from "../rollout/held-back.ts";
import { PROTECTED_BY_ORDER } from "../rollout/standing-orders.ts";
import type { Connection } from "./ports.ts";
import { readAncestors } from "./read-ancestors.ts";

/** Whom standing orders keep where they are. */
export interface Protection {
  /** Why each of them is not flipped: they are protected, or above somebody who is. @throws FinalError when it cannot be told */
  read(protectedIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Who is above a protected customer is read once in a part: when an order names it for the first time. */
export function createProtection(
  connection: Pick<Connection, "listCustomers" | "readCustomer">,
  { childrenFollow }: { readonly childrenFollow: boolean },
): Protection {
  const ancestorsById = new Map<string, readonly string[]>();

  async function learn(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !ancestorsById.has(id));
    const read = await readAncestors(connection, unknown);
    for (const id of unknown) ancestorsById.set(id, []);
    for (const { customer, ancestorIds } of read) ancestorsById.set(customer.id, ancestorIds);
  }

  return {
    async read(protectedIds) {
      if (childrenFollow) await learn(protectedIds);
      const reasons = new Map<string, string>();
      for (const id of protectedIds) {
        const { skipped } = toHeldBack(id, PROTECTED_BY_ORDER);
        for (const ancestorId of ancestorsById.get(id) ?? []) reasons.set(ancestorId, skipped);
      }
      for (const id of protectedIds) reasons.set(id, PROTECTED_BY_ORDER);
      return reasons;
    },
  };
}
