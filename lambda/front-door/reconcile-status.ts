import { ABANDONED, isUnderWay } from "../core/report/rollout-status.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import type { FrontDoorPorts } from "./ports.ts";

/** The record with its true status: a record that says `running` cannot know that its execution has ended. */
export async function reconcileStatus(
  ports: Pick<FrontDoorPorts, "ledger" | "executions">,
  record: RolloutRecord,
): Promise<RolloutRecord> {
  if (!isUnderWay(record) || (await ports.executions.findEnd(record.execution)).running) return record;
  // The rollout may have written its report since the record was read.
  const again = (await ports.ledger.findRollout(record.rolloutId)) ?? record;
  return isUnderWay(again) ? { ...again, status: "failed", problem: ABANDONED } : again;
}
