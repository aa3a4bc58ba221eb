import type { Hold, Lock, LockAndControls } from "../core/controls.ts";
import type { Condition, Item, Key, Table } from "./table.ts";

/** The lock of an environment. Lock and controls are one item, so that one read before each batch shows both. */
export function createLock(table: Table, environment: string) {
  const key = toControlsKey(environment);
  return {
    async readControls(): Promise<LockAndControls> {
      return toControls(await table.get(key));
    },
    /** False when the item changed since it was read: a new hold must stop the rollout. */
    async takeLock(lock: Lock, read: Pick<LockAndControls, "lock" | "fence" | "revision">): Promise<boolean> {
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

/** The condition that a counter has not changed since it was read; undefined: it did not exist. */
export function isAsRead(counter: "fence" | "revision", read: number | undefined): Condition {
  return read === undefined
    ? { expression: `attribute_not_exists(#${counter})` }
    : { expression: `#${counter} = :read_${counter}`, values: { [`:read_${counter}`]: read } };
}

export function toControlsKey(environment: string): Key {
  return { pk: `environment#${environment}`, sk: "controls" };
}

/** A hold as it is stored: in a list, because a release can have the name of a member of every object (`constructor`). */
export type HoldRow = Hold & { readonly release: string };

export function toControls(item: Item = {}): LockAndControls {
  const { lock, fence, revision, stopped, holds, protectedIds } = item;
  return {
    fence: (fence as number | undefined) ?? 0,
    ...(revision !== undefined && { revision: revision as number }),
    ...(lock !== undefined && { lock: lock as Lock }),
    ...(stopped !== undefined && { stopped: stopped as NonNullable<LockAndControls["stopped"]> }),
    holds: Object.fromEntries(
      ((holds as readonly HoldRow[] | undefined) ?? []).map(({ release, ...hold }) => [release, hold]),
    ),
    protectedIds: (protectedIds as readonly string[] | undefined) ?? [],
  };
}
