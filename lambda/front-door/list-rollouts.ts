import type { ListCommand } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { actionOf, type Report, releaseOf } from "../core/report/report.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { reconcileStatus } from "./reconcile-status.ts";

/** The last rollouts of the environment, the newest first. */
export interface RolloutsListed {
  /** The rollout that has the lock, if one runs. */
  readonly running?: string | undefined;
  readonly rollouts: readonly ListedRollout[];
}

export interface ListedRollout
  extends Pick<Report, "rolloutId" | "action" | "release" | "status" | "dryRun" | "rollback">,
    Pick<Report, "startedAt" | "endedAt" | "requestedBy" | "via" | "reason"> {
  /** As in the report; absent while the rollout runs. */
  readonly counts?: Report["counts"] | undefined;
}

const MOST_LISTED = 20;

export async function listRollouts(
  ports: FrontDoorPorts,
  { plans }: Pick<ListCommand, "plans">,
): Promise<RolloutsListed> {
  const { ledger } = ports;
  const [{ lock }, records] = await Promise.all([
    ledger.readControls(),
    plans ? readWithDryRuns(ports, MOST_LISTED) : ledger.readLastRollouts(MOST_LISTED, { dryRun: false }),
  ]);
  const settled = await Promise.all(records.slice(0, MOST_LISTED).map((record) => reconcileStatus(ports, record)));
  return { running: lock?.rolloutId, rollouts: settled.map(toListedRollout) };
}

/** The last rollouts and the last dry runs, so many of each, the newest first. */
export async function readWithDryRuns({ ledger }: FrontDoorPorts, most: number): Promise<readonly RolloutRecord[]> {
  const lists = await Promise.all([false, true].map((dryRun) => ledger.readLastRollouts(most, { dryRun })));
  return lists.flat().toSorted((a, b) => b.startedAtMs - a.startedAtMs);
}

/** The rollout that runs, or else the last that was no dry run, or else the last dry run. */
export async function findLatest({ ledger }: FrontDoorPorts): Promise<string | undefined> {
  const { lock } = await ledger.readControls();
  if (lock !== undefined) return lock.rolloutId;
  const [last] = await ledger.readLastRollouts(1, { dryRun: false });
  return (last ?? (await ledger.readLastRollouts(1, { dryRun: true }))[0])?.rolloutId;
}

/** @throws RefusedError when there was none */
export async function getLatest(ports: FrontDoorPorts): Promise<string> {
  const rolloutId = await findLatest(ports);
  if (rolloutId !== undefined) return rolloutId;
  throw new RefusedError("there was no rollout yet: send a deploy event, or the status command with a rolloutId");
}

export function toListedRollout(record: RolloutRecord): ListedRollout {
  const { rolloutId, event, via, source, status, startedAtMs, report } = record;
  return {
    rolloutId,
    action: actionOf({ event, source }),
    release: releaseOf(record),
    status,
    dryRun: event.dryRun,
    counts: report?.counts,
    rollback: report?.rollback,
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: report?.endedAt,
    requestedBy: event.requestedBy,
    via,
    reason: event.reason,
  };
}
