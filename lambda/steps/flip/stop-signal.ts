import type { Stop } from "../../core/gate/decision.ts";

/** What ends the flipping of a part early, for all batches that are worked on at the same time. */
export interface StopSignal {
  /** Whether another customer or batch may be begun. */
  mayGoOn(): boolean;
  /** Why no further customer of this rollout is flipped; undefined while nothing stops the rollout. */
  stopped(): Stop | undefined;
  /** The gate has decided. The first decision counts. */
  stop(stop: Stop): void;
  /** The gate holds the rollout: this part begins nothing more. */
  hold(): void;
  isHeld(): boolean;
  /** The first error ends the part. It is thrown once all that is known is recorded. */
  fail(error: unknown): void;
  /** A customer was left without an outcome: the next part tries again. */
  skipRemaining(): void;
  throwError(): void;
}

export interface StopSignalOptions {
  readonly untilMs: number;
  nowMs(): number;
}

export function createStopSignal({ untilMs, nowMs }: StopSignalOptions): StopSignal {
  let stopped: Stop | undefined;
  let held = false;
  let failure: { readonly error: unknown } | undefined;
  let restIsLeft = false;
  return {
    mayGoOn: () => stopped === undefined && failure === undefined && !held && !restIsLeft && nowMs() < untilMs,
    stopped: () => stopped,
    stop(stop) {
      stopped ??= stop;
    },
    hold() {
      held = true;
    },
    isHeld: () => held,
    fail(error) {
      failure ??= { error };
    },
    skipRemaining() {
      restIsLeft = true;
    },
    throwError() {
      if (failure !== undefined) throw failure.error;
    },
  };
}
