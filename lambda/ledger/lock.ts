import type { Hold, Lock, Orders } from "../rollout/records.ts";
import type { Condition, Item, Key, Table } from "./table.ts";

/** The lock of an environment and what stands against flips: one item, so that it is read as one before every batch. */
export function createOrders(table: Table, environment: string) {
  const key = toOrdersKey(environment);
  return {
    async readOrders(): Promise<Orders> {
      return toOrders(await table.get(key));
    },
    /** Nothing may have changed since the orders were read, so that nobody begins under a hold that came in between. */
    async takeLock(lock: Lock, read: Pick<Orders, "lock" | "fence" | "revision">): Promise<boolean> {
      const holder = read.lock === undefined ? "attribute_not_exists(#lock)" : "attribute_exists(#lock)";
      const [fence, revision] = [isAsRead("fence", read.fence || undefined), isAsRead("revision", read.revision)];
      return table.updateIf(
        key,
        { set: { lock, fence: lock.fence } },
        {
          expression: `${fence.expression} AND ${revision.expression} AND ${holder}`,
          names: { "#fence": "fence", "#revision": "revision", "#lock": "lock" },
          values: { ...fence.values, ...revision.values },
        },
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

/** The condition that a counter is what was read: `undefined`, when it was not there yet. */
export function isAsRead(counter: "fence" | "revision", read: number | undefined): Condition {
  return read === undefined
    ? { expression: `attribute_not_exists(#${counter})` }
    : { expression: `#${counter} = :read_${counter}`, values: { [`:read_${counter}`]: read } };
}

export function toOrdersKey(environment: string): Key {
  return { pk: `environment#${environment}`, sk: "orders" };
}

/** A hold as it is kept: releases are data, and a list takes any name, also that of a member which every object has. */
export type HoldRow = Hold & { readonly release: string };

/** An item that was written before there were standing orders has none. */
export function toOrders(item: Item = {}): Orders {
  const { lock, fence, revision, stopped, holds, protectedIds } = item;
  return {
    fence: (fence as number | undefined) ?? 0,
    ...(revision !== undefined && { revision: revision as number }),
    ...(lock !== undefined && { lock: lock as Lock }),
    ...(stopped !== undefined && { stopped: stopped as NonNullable<Orders["stopped"]> }),
    holds: Object.fromEntries(
      ((holds as readonly HoldRow[] | undefined) ?? []).map(({ release, ...hold }) => [release, hold]),
    ),
    protectedIds: (protectedIds as readonly string[] | undefined) ?? [],
  };
}
