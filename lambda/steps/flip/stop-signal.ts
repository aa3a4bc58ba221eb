import type { Stop } from "../../core/gate/decision.ts";

/** What ends the flipping of a part early, for all the batches that are worked on at the same time. */
export interface StopSignal {
  /** Whether anything new may be begun. */
  mayGoOn(): boolean;
  /** Why this rollout flips no further customer; undefined while all is well. */
  stopped(): Stop | undefined;
  /** A gate or a command has decided. */
  stop(stop: Stop): void;
  /** Something holds the rollout: nothing new is begun in this part. */
  hold(): void;
  isHeld(): boolean;
  /** Failures count in the order in which they come to be known: too many of them stop the rollout. */
  countFailures(failures: number): void;
  /** The first error ends the part; it is thrown once all that is known is recorded. */
  fail(error: unknown): void;
  /** A customer was left without an outcome: the next part tries again, and trying at once would not be slower. */
  skipRemaining(): void;
  throwError(): void;
}

export interface StopSignalOptions {
  readonly untilMs: number;
  nowMs(): number;
  /** Failures before this part. @default none */
  readonly failed?: number;
  /** @default no number of failures stops it */
  readonly budgetStop?: BudgetStop;
}

/** Why so many failures stop the rollout; undefined while they do not. */
export type BudgetStop = (failed: number) => Stop | undefined;

export function createStopSignal({
  untilMs,
  nowMs,
  failed: failedBefore = 0,
  budgetStop,
}: StopSignalOptions): StopSignal {
  let failed = failedBefore;
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
    countFailures(failures) {
      failed += failures;
      if (failures > 0) stopped ??= budgetStop?.(failed);
    },
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
