import { toReleaseKey } from "../contract/release-name.ts";
import type { Hold, Lock, LockAndControls } from "../core/controls.ts";
import { controlsKey } from "./keys.ts";
import { ABSENT, type Item, PRESENT, type Table } from "./table.ts";

/** The lock of an environment. Lock and controls are one item, so that one read before each batch shows both. */
export function createLock(table: Table, environment: string) {
  const key = controlsKey(environment);
  return {
    async readControls(): Promise<LockAndControls> {
      return toControls(await table.get(key));
    },
    /** False when the item changed since it was read: a new hold must stop the rollout. */
    async takeLock(lock: Lock, read: Pick<LockAndControls, "lock" | "fence" | "revision">): Promise<boolean> {
      const asRead = {
        lock: read.lock === undefined ? ABSENT : PRESENT,
        fence: read.fence || ABSENT,
        revision: read.revision ?? ABSENT,
      };
      return table.updateIf(key, { set: { lock, fence: lock.fence } }, asRead);
    },
    async releaseLock({ fence }: Lock): Promise<void> {
      await table.updateIf(key, { remove: ["lock"] }, { fence });
    },
  };
}

/** A hold as it is stored: in a list, because a release can have the name of a member of every object (`constructor`). */
export type HoldRow = Hold & { readonly release: string };

export function toControls(item: Item = {}): LockAndControls {
  const { lock, fence, revision, stopped, loginAgain, holds, protectedIds, freezes } = item;
  return {
    fence: (fence as number | undefined) ?? 0,
    ...(revision !== undefined && { revision: revision as number }),
    ...(lock !== undefined && { lock: lock as Lock }),
    ...(stopped !== undefined && { stopped: stopped as NonNullable<LockAndControls["stopped"]> }),
    ...(loginAgain !== undefined && { loginAgain: loginAgain as NonNullable<LockAndControls["loginAgain"]> }),
    holds: Object.fromEntries(
      ((holds as readonly HoldRow[] | undefined) ?? []).map(({ release, ...hold }) => [toReleaseKey(release), hold]),
    ),
    protectedIds: (protectedIds as readonly string[] | undefined) ?? [],
    ...(freezes !== undefined && { freezes: freezes as NonNullable<LockAndControls["freezes"]> }),
  };
}
