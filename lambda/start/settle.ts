import type { RolloutRecord } from "../rollout/records.ts";
import type { StartPorts } from "./ports.ts";

const NO_REPORT =
  "its execution ended before it could write its report: it was stopped, failed, or ran out of its time; to flip the rest, send the event again under an id of its own";

/** How a rollout really stands: one that is recorded as going on cannot say by itself that its execution has ended. */
export async function settle(
  ports: Pick<StartPorts, "ledger" | "executions">,
  record: RolloutRecord,
): Promise<RolloutRecord> {
  if (!isGoingOn(record) || (await ports.executions.findEnd(record.execution)).running) return record;
  // It may have written its report since it was read.
  const again = (await ports.ledger.findRollout(record.rolloutId)) ?? record;
  return isGoingOn(again) ? { ...again, status: "failed", problem: NO_REPORT } : again;
}

/** Whether a rollout is recorded as running, or as waiting for the lock. */
export function isGoingOn({ status }: { readonly status: string }): boolean {
  return status === "running" || status === "waiting";
}
