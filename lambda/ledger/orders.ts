import type { Hold, Lock, Orders } from "../rollout/records.ts";
import type { Item, Key, Table } from "./table.ts";

/** The lock of an environment and what stands against flips: one item, so that it is read as one before every batch. */
export function createOrders(table: Table, environment: string) {
  const key = toOrdersKey(environment);
  return {
    async readOrders(): Promise<Orders> {
      return toOrders(await table.get(key));
    },
    async takeLock(lock: Lock, read: Pick<Orders, "lock" | "fence">): Promise<boolean> {
      const set = { lock, fence: lock.fence };
      if (read.fence === 0) return table.updateIf(key, { set }, { expression: "attribute_not_exists(#fence)" });
      const holder = read.lock === undefined ? "attribute_not_exists(#lock)" : "attribute_exists(#lock)";
      return table.updateIf(
        key,
        { set },
        { expression: `#fence = :read AND ${holder}`, values: { ":read": read.fence } },
      );
    },
    async releaseLock(lock: Lock): Promise<void> {
      const condition = {
        expression: "#fence = :fence",
        names: { "#fence": "fence" },
        values: { ":fence": lock.fence },
      };
      await table.updateIf(key, { remove: ["lock"] }, condition);
    },
  };
}

export function toOrdersKey(environment: string): Key {
  return { pk: `environment#${environment}`, sk: "orders" };
}

/** A hold as it is kept: releases are data, and a list takes any name, also that of a member which every object has. */
export type HoldRow = Hold & { readonly release: string };

/** An item that was written before there were standing orders has none. */
export function toOrders(item: Item = {}): Orders {
  const { lock, fence, stopped, holds, protectedIds } = item;
  return {
    fence: (fence as number | undefined) ?? 0,
    ...(lock !== undefined && { lock: lock as Lock }),
    ...(stopped !== undefined && { stopped: stopped as NonNullable<Orders["stopped"]> }),
    holds: Object.fromEntries(
      ((holds as readonly HoldRow[] | undefined) ?? []).map(({ release, ...hold }) => [release, hold]),
    ),
    protectedIds: (protectedIds as readonly string[] | undefined) ?? [],
  };
}
