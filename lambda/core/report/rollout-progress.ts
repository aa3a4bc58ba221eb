import type { AlarmState } from "../reason-types.ts";
import type { Explained } from "../reasons.ts";

/** The progress of a rollout that is under way, as far as the ledger knows. */
export interface RolloutProgress {
  readonly phase: Phase;
  /** The current wave, from 1. */
  readonly wave?: number | undefined;
  /** When the phase began, ISO 8601. */
  readonly since: string;
  /** In a bake, how much of it is left. */
  readonly bakeLeftSeconds?: number | undefined;
  /** At the last poll of the gate. */
  readonly alarms?: readonly { readonly name: string; readonly state: AlarmState }[] | undefined;
  /** Why the rollout does not continue now. */
  readonly heldBy: readonly Explained[];
  /** Commands that the rollout received, and what stops it. */
  readonly noted: readonly Explained[];
}

/** `preparing`: no customer is flipped yet. `ending`: no more customers are flipped. */
export type Phase =
  | "waiting"
  | "preparing"
  | "waiting for approval"
  | "flipping"
  | "baking"
  | "rolling back"
  | "ending";

/** Also a wave that has its answer is in the phase of the approval until the rollout has taken the answer in. */
export function hasAnswer({ phase, heldBy }: RolloutProgress): boolean {
  return phase === "waiting for approval" && !heldBy.some(({ code }) => code === "waits-for-approval");
}
