/**
 * How a rollout stands: `succeeded` (everybody is where the event wants them, or skipped by rule), `partial` (it ended,
 * but some customers failed within the budget), `rolled-back` (a gate or an event turned it back), `halted` (a gate
 * stopped it where it was), `aborted` (a person stopped it, or its rollback, where it was), `failed` (something of its
 * own stopped it), `refused` (nothing was flipped), `planned` (a dry run), `waiting` (for the lock), `running`.
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

/** The problem of one whose execution has ended, and that is recorded as under way all the same. */
export const ABANDONED =
  "its execution ended before it could write its report: it was stopped, failed, or ran out of its time; the ledger says who was flipped until then; to flip the rest, send the event again under an id of its own";

/** Whether a rollout has not ended yet. */
export function isUnderWay({ status }: { readonly status: RolloutStatus }): boolean {
  return status === "running" || status === "waiting";
}
