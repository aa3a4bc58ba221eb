import type { Lock, LockAndControls } from "../../core/controls.ts";
import { FinalError } from "../../core/final-error.ts";

/** How old a reading of the controls may be when a request starts. */
export const CONTROLS_AGE_MS = 5_000;

/** Another rollout has taken the lock: this rollout may send no further request. */
export class LockLostError extends FinalError {
  override readonly name = "LockLostError";

  constructor(rolloutId: string, by: string | undefined) {
    super({ code: "lock-lost", rolloutId, by });
  }
}

export function holdsLock({ fence, execution }: Lock, { lock }: LockAndControls): boolean {
  return lock?.fence === fence && lock.execution === execution;
}

/** @throws LockLostError when the controls show another holder, or none */
export function refuseLostLock(lock: Lock, controls: LockAndControls): void {
  if (holdsLock(lock, controls)) return;
  throw new LockLostError(lock.rolloutId, controls.lock?.rolloutId);
}
