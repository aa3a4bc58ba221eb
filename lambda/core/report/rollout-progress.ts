/** Where a rollout stands that is under way, as far as the ledger knows. */
export interface Now {
  readonly phase: Phase;
  /** Which wave it is at, from 1. */
  readonly wave?: number | undefined;
  /** Since when, ISO 8601. */
  readonly since: string;
  /** Of a bake, how much of it is left. */
  readonly bakeLeftSeconds?: number | undefined;
  /** Why it does not go on: alarms that cannot be watched, a pause, the stop switch, the lock of another rollout. */
  readonly heldBy: readonly string[];
  /** What will end it, or its waiting: commands, and an alarm. */
  readonly noted: readonly string[];
}

/** `preparing`: nobody is flipped yet. `ending`: nobody is flipped any more. */
export type Phase = "waiting" | "preparing" | "flipping" | "baking" | "rolling back" | "ending";

/** How a pause among what holds it begins. */
export const PAUSED = "paused by ";
