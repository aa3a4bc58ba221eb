/** Where a rollout that is under way stands, as far as the ledger knows. */
export interface RolloutProgress {
  readonly phase: Phase;
  /** The wave that the rollout is at, from 1. */
  readonly wave?: number | undefined;
  /** When the phase began, ISO 8601. */
  readonly since: string;
  /** In a bake, how much of it is left. */
  readonly bakeLeftSeconds?: number | undefined;
  /** Why the rollout stands still. */
  readonly heldBy: readonly HoldReason[];
  /** What will change its course: commands, and what has stopped it. */
  readonly noted: readonly Noted[];
}

/** `preparing`: no customer is flipped yet. `ending`: no customer is flipped any more. */
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
