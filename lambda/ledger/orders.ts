import type { Lock, Orders } from "../rollout/records.ts";
import type { Key, Table } from "./table.ts";

/** The lock of an environment: one item, so that it is read as one before every batch. */
export function createOrders(table: Table, environment: string) {
  const key: Key = { pk: `environment#${environment}`, sk: "orders" };
  return {
    async readOrders(): Promise<Orders> {
      const item = await table.get(key);
      if (item === undefined) return { fence: 0 };
      const fence = (item.fence as number | undefined) ?? 0;
      return { fence, ...(item.lock !== undefined && { lock: item.lock as Lock }) };
    },
    async takeLock(lock: Lock, read: Orders): Promise<boolean> {
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
