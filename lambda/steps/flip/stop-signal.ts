import type { Stop } from "../../core/gate/decision.ts";

/** Ends the flips of a part early, for all its batches at once. */
export interface StopSignal {
  /** Whether the part may begin another customer or batch. */
  mayBegin(): boolean;
  /** Why no further customer of this rollout is flipped; undefined while nothing stops the rollout. */
  stopped(): Stop | undefined;
  /** The gate has decided. The first decision counts. */
  stop(stop: Stop): void;
  /** The gate holds the rollout: this part begins nothing more. */
  hold(): void;
  isHeld(): boolean;
  /** The first error ends the part. The part throws it after it has recorded all outcomes. */
  fail(error: unknown): void;
  /** A customer has no outcome: the next part tries again. */
  end(): void;
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
  let ended = false;
  return {
    mayBegin: () => stopped === undefined && failure === undefined && !held && !ended && nowMs() < untilMs,
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
    end() {
      ended = true;
    },
    throwError() {
      if (failure !== undefined) throw failure.error;
    },
  };
}
