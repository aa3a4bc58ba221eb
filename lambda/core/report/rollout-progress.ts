/** The progress of a rollout that is under way, as far as the ledger knows. */
export interface RolloutProgress {
  readonly phase: Phase;
  /** The current wave, from 1. */
  readonly wave?: number | undefined;
  /** When the phase began, ISO 8601. */
  readonly since: string;
  /** In a bake, how much of it is left. */
  readonly bakeLeftSeconds?: number | undefined;
  /** What holds the rollout. */
  readonly heldBy: readonly HoldReason[];
  /** Commands that it received, and what stopped it. */
  readonly noted: readonly Noted[];
}

/** `preparing`: no customer is flipped yet. `ending`: no more customers are flipped. */
export type Phase = "waiting" | "preparing" | "flipping" | "baking" | "rolling back" | "ending";

/** `locked`: another rollout has the lock. `no-data`: an alarm has no data. */
export interface HoldReason {
  readonly code: "locked" | "no-data" | "paused" | "stopped";
  readonly message: string;
}

export interface Noted {
  readonly code: "stop" | "pause" | "resume" | "skip-bake" | "skip-all-bakes" | "abort";
  readonly message: string;
}
