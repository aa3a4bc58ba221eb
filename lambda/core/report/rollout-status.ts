import type { Reason } from "../reasons.ts";

/**
 * The status of a rollout: `succeeded` (every customer has the wanted flag or was skipped by a rule), `partial` (it ended,
 * but some customers failed within the budget, or a named customer was not flipped), `rolled-back` (after a gate's
 * decision or a deploy event), `halted` (a gate stopped it; customers stay where they are), `aborted` (a person stopped
 * it or its rollback), `failed` (a fault stopped it), `refused` (no customer was flipped), `planned` (a dry run),
 * `waiting` (for the lock), `running`.
 */
export type RolloutStatus =
  | "waiting"
  | "running"
  | "succeeded"
  | "partial"
  | "rolled-back"
  | "halted"
  | "aborted"
  | "failed"
  | "refused"
  | "planned";

/** The problem of a rollout that is recorded as under way although its execution has ended. */
export const ABANDONED: Reason = { code: "abandoned" };

/** Whether a rollout has not ended yet. */
export function isUnderWay({ status }: { readonly status: RolloutStatus }): boolean {
  return status === "running" || status === "waiting";
}
