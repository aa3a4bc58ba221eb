import { PROTECTED_BY_CONTROLS } from "../rollout/controls.ts";
import { toHeldBack } from "../rollout/held-back.ts";
import type { Connection } from "./ports.ts";
import { readAncestors, UnreadableError } from "./read-ancestors.ts";

/** Whom controls keep where they are. */
export interface Protection {
  /** Why each of them is not flipped: they are protected, or above somebody who is. */
  read(protectedIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Whether the controls that were read last name this customer. */
  keeps(customerId: string): boolean;
}

/**
 * Who is above a protected customer is read once in a part: when an order names it for the first time. One that cannot be
 * read is not everybody's end: it stays itself, who is above it is found by the lists of descendants before their flip,
 * and it is read again for the next batch.
 */
export function createProtection(
  connection: Pick<Connection, "listCustomers" | "readCustomer">,
  { childrenFollow }: { readonly childrenFollow: boolean },
): Protection {
  const ancestorsById = new Map<string, readonly string[]>();
  let keptIds: ReadonlySet<string> = new Set();

  async function learn(ids: readonly string[]): Promise<void> {
    const read = await readAncestors(connection, ids);
    for (const id of ids) ancestorsById.set(id, []);
    for (const { customer, ancestorIds } of read) ancestorsById.set(customer.id, ancestorIds);
  }

  /** Whether it could be known who is above all of them. */
  async function tryToLearn(ids: readonly string[]): Promise<boolean> {
    try {
      await learn(ids);
      return true;
    } catch (error) {
      if (error instanceof UnreadableError) return false;
      throw error;
    }
  }

  async function learnNew(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !ancestorsById.has(id));
    if (await tryToLearn(unknown)) return;
    for (const id of unknown) await tryToLearn([id]);
  }

  return {
    keeps: (id) => keptIds.has(id),
    async read(protectedIds) {
      keptIds = new Set(protectedIds);
      if (childrenFollow) await learnNew(protectedIds);
      const reasons = new Map<string, string>();
      for (const id of protectedIds) {
        const { skipped } = toHeldBack(id, PROTECTED_BY_CONTROLS);
        for (const ancestorId of ancestorsById.get(id) ?? []) reasons.set(ancestorId, skipped);
      }
      for (const id of protectedIds) reasons.set(id, PROTECTED_BY_CONTROLS);
      return reasons;
    },
  };
}
