import type { RolloutRecord } from "../core/records.ts";
import { ABANDONED, isUnderWay } from "../core/report/rollout-status.ts";
import type { FrontDoorPorts } from "./ports.ts";

/** How a rollout really stands: one that is recorded as going on cannot say by itself that its execution has ended. */
export async function reconcileStatus(
  ports: Pick<FrontDoorPorts, "ledger" | "executions">,
  record: RolloutRecord,
): Promise<RolloutRecord> {
  if (!isUnderWay(record) || (await ports.executions.findEnd(record.execution)).running) return record;
  // It may have written its report since it was read.
  const again = (await ports.ledger.findRollout(record.rolloutId)) ?? record;
  return isUnderWay(again) ? { ...again, status: "failed", problem: ABANDONED } : again;
}
