import type { Outcome } from "../../core/flip/outcome.ts";
import { describeReason } from "../../core/reasons.ts";
import { createOutcomeSummary, type OutcomeSummary } from "../../core/report/outcome-summary.ts";
import { type Ended, type Report, toException, toRollbackException, writeReport } from "../../core/report/report.ts";
import type { Held } from "../../core/rollback/settle-before-rollback.ts";
import { holdRelease } from "../hold-release.ts";
import type { Ports } from "../ports.ts";
import type { Rollout } from "../run-part.ts";

/** Writes the report into the ledger and releases the lock. When this step runs again, it uses the report that it wrote. */
export async function closeRollout(ports: Ports, rollout: Rollout, ended: Ended): Promise<Report> {
  const { ledger, log } = ports;
  const report = (await ledger.findRollout(rollout.rolloutId))?.report ?? (await recordReport(ports, rollout, ended));
  if (rollout.lock !== undefined) await ledger.releaseLock(rollout.lock);
  log.info("rollout ended", { rolloutId: rollout.rolloutId, status: report.status, counts: report.counts });
  return report;
}

async function recordReport(ports: Ports, rollout: Rollout, ended: Ended): Promise<Report> {
  const outcomes = await readOutcomes(ports, rollout, ended);
  const hold = await holdRefused(ports, rollout, ended);
  const endedAtMs = ports.nowMs();
  const report = writeReport(rollout, ended, {
    ...outcomes,
    ...hold,
    startedAt: new Date(rollout.startedAtMs).toISOString(),
    endedAt: new Date(endedAtMs).toISOString(),
    durationMs: endedAtMs - rollout.startedAtMs,
  });
  await ports.ledger.endRollout(rollout.rolloutId, report);
  return report;
}

/** A release that was not approved is held, also where no customer was flipped. A rollback holds its release itself. */
async function holdRefused(ports: Ports, rollout: Rollout, { stop, rollback }: Ended): Promise<Held | undefined> {
  const why = stop?.reasons.filter(({ code }) => code === "rejected" || code === "not-approved-in-time") ?? [];
  if (rollout.kind === "rollback" || rollback !== undefined || why.length === 0) return undefined;
  const { rolloutId, event } = rollout;
  const { release, action } = event;
  return holdRelease(ports, rollout, { release, action, rolloutId, reason: describeReason(why) });
}

/** The customers that need a person come first: those that were not restored, then those that failed. */
async function readOutcomes({ ledger }: Ports, rollout: Rollout, { plan, rollback }: Ended) {
  const restoredFrom = rollout.kind === "rollback" ? rollout.source.rollouts : [rollout];
  const restores = rollback === undefined ? [] : restoredFrom;
  const restored = await sumUp(restores.map(({ rolloutId }) => ledger.readRestoreOutcomes(rolloutId)));
  const { counts, exceptions, skippedBy, failedBy } = await sumUp(
    plan === undefined ? [] : [ledger.readOutcomes(rollout.rolloutId)],
  );
  const all = [...restored.exceptions.map(toRollbackException), ...exceptions.map(toException)];
  return { counts, skippedBy, failedBy, exceptions: all };
}

async function sumUp(sources: readonly AsyncIterable<readonly Outcome[]>[]): Promise<OutcomeSummary> {
  const { add, summary } = createOutcomeSummary();
  for (const source of sources) for await (const outcomes of source) add(outcomes);
  return summary();
}
