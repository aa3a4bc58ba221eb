import { FinalError } from "../rollout/final-error.ts";
import type { Lock, Orders } from "../rollout/records.ts";
import type { Ports } from "./ports.ts";

/** How old a reading of the orders may be when a request starts. */
export const ORDERS_AGE_MS = 5_000;

/** Another rollout has taken the lock: nothing more may be requested in the name of this one. */
export class LockLostError extends FinalError {
  override readonly name = "LockLostError";
}

export interface LockCheck {
  /** Says that the orders were read at this time, and showed the lock. */
  note(readAtMs: number): void;
  /** Reads them only when the last reading is too old; callers at the same time share one reading. @throws LockLostError */
  recent(): Promise<void>;
}

export function holdsLock({ fence, execution }: Lock, { lock }: Orders): boolean {
  return lock?.fence === fence && lock.execution === execution;
}

/** @throws LockLostError when the orders show another holder, or none */
export function refuseLostLock(lock: Lock, orders: Orders): void {
  if (holdsLock(lock, orders)) return;
  throw new LockLostError(
    `rollout ${orders.lock?.rolloutId ?? "(none)"} has taken the lock from ${lock.rolloutId}; nothing more was flipped, the ledger says what was`,
  );
}

/** A check that this rollout still holds the lock: reads the orders whenever the last reading is too old. */
export function createLockCheck(
  { ledger, nowMs }: { readonly ledger: Pick<Ports["ledger"], "readOrders"> } & Pick<Ports, "nowMs">,
  lock: Lock,
): LockCheck {
  let lastReadAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const atMs = nowMs();
    refuseLostLock(lock, await ledger.readOrders());
    lastReadAtMs = atMs;
  }

  return {
    note(readAtMs) {
      lastReadAtMs = readAtMs;
    },
    async recent(): Promise<void> {
      // Again, when the answer came so late that it is too old itself: the lock may have been lost meanwhile.
      while (nowMs() - lastReadAtMs >= ORDERS_AGE_MS) {
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
    },
  };
}
