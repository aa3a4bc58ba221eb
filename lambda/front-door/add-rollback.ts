import { holdOf, type LockAndControls } from "../core/controls.ts";
import { MOST_EXCEPTIONS } from "../core/report/outcome-summary.ts";
import type { Report } from "../core/report/report.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readRollback } from "./read-rollback.ts";
import { reconcileStatus } from "./reconcile-status.ts";

/**
 * The report of a rollout with the counts of a later rollout that has rolled it back, or does so now. The record names
 * such a rollout; without a name, no batch is read.
 */
export async function addRollback(
  ports: FrontDoorPorts,
  { rolloutId, rolledBackBy }: RolloutRecord,
  report: Report,
): Promise<Report> {
  if (rolledBackBy === undefined) return report;
  const [restored, by, controls] = await Promise.all([
    readRollback(ports.ledger, [rolloutId]),
    findRollback(ports, rolledBackBy),
    ports.ledger.readControls(),
  ]);
  const exceptions = [...restored.exceptions, ...report.exceptions.filter((one) => !isOfRollback(one))];
  const named = exceptions.slice(0, MOST_EXCEPTIONS);
  const { deferred, skipped, failed } = report.counts;
  const all = restored.counts.failed + restored.counts.conflicting + deferred + skipped + failed;
  return {
    ...report,
    rollback: restored.counts,
    rolledBackBy: { rolloutId: rolledBackBy, status: by?.status ?? "failed" },
    ...publishHold(report, by, controls),
    exceptions: named,
    moreExceptions: Math.max(0, all - named.length),
  };
}

async function findRollback(ports: FrontDoorPorts, rolloutId: string): Promise<RolloutRecord | undefined> {
  const record = await ports.ledger.findRollout(rolloutId);
  return record && reconcileStatus(ports, record);
}

/** From an earlier rollback, which the later rollback continued. */
function isOfRollback({ outcome }: Report["exceptions"][number]): boolean {
  return outcome === "conflicting" || outcome === "not-restored";
}

/** A hold that could not be made is reported until the release is held. A hold that a person has cleared is not reported. */
function publishHold(
  { release = "" }: Report,
  by: RolloutRecord | undefined,
  { holds }: LockAndControls,
): Pick<Report, "held" | "notHeld"> {
  if (holdOf(holds, release) !== undefined) return { held: true, notHeld: undefined };
  const { held, notHeld } = by?.report ?? {};
  return held === false ? { held, notHeld } : { held: undefined, notHeld: undefined };
}
