import { type Counts, NO_COUNTS, type Outcome } from "../../core/flip/outcome.ts";
import type { Stop } from "../../core/gate/decision.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import { createOutcomeSummary, type OutcomeSummary } from "../../core/report/outcome-summary.ts";
import {
  type Report,
  toException,
  toRollbackException,
  type WaveResult,
  writeReport,
} from "../../core/report/report.ts";
import type { Ports } from "../ports.ts";
import type { RollbackResult } from "../rollback/rollback-part.ts";
import type { Rollout } from "../run-part.ts";

/** How the workflow ended. */
export interface Ended {
  readonly plan?: Plan | undefined;
  /** Counts of the batches; undefined when no flip was begun. */
  readonly counts?: Counts | undefined;
  readonly waves?: readonly WaveResult[] | undefined;
  /** What a gate or a command decided. */
  readonly stop?: Stop | undefined;
  /** A fault that stopped it. */
  readonly problem?: readonly Reason[] | undefined;
  readonly rollback?: RollbackResult | undefined;
  readonly overridden?: readonly string[] | undefined;
}

/** Writes the report into the ledger and releases the lock. When this step runs again, it uses the report that it wrote. */
export async function closeRollout(ports: Ports, rollout: Rollout, ended: Ended): Promise<Report> {
  const { ledger, log } = ports;
  const report = (await ledger.findRollout(rollout.rolloutId))?.report ?? (await recordReport(ports, rollout, ended));
  if (rollout.lock !== undefined) await ledger.releaseLock(rollout.lock);
  log.info("rollout ended", { rolloutId: rollout.rolloutId, status: report.status, counts: report.counts });
  return report;
}

async function recordReport(ports: Ports, rollout: Rollout, ended: Ended): Promise<Report> {
  const { counts, problem, rollback } = ended;
  const endedAtMs = ports.nowMs();
  const report = writeReport(
    rollout,
    {
      ...ended,
      counts: counts ?? NO_COUNTS,
      flipping: counts !== undefined,
      problem: problem || rollback?.problem ? [...(problem ?? []), ...(rollback?.problem ?? [])] : undefined,
      rollback: rollback?.counts,
      hold: rollback?.hold,
      rollbackStop: rollback?.stop,
      ...(await readOutcomes(ports, rollout, ended)),
    },
    {
      startedAt: new Date(rollout.startedAtMs).toISOString(),
      endedAt: new Date(endedAtMs).toISOString(),
      durationMs: endedAtMs - rollout.startedAtMs,
    },
  );
  await ports.ledger.endRollout(rollout.rolloutId, report);
  return report;
}

/** The customers that need a person come first: those that were not restored, then those that failed. */
async function readOutcomes({ ledger }: Ports, rollout: Rollout, { plan, rollback }: Ended) {
  const restoredFrom = rollout.kind === "rollback" ? rollout.source.rollouts : [rollout];
  const restores = rollback === undefined ? [] : restoredFrom;
  const restored = await sumUp(restores.map(({ rolloutId }) => ledger.readRestoreOutcomes(rolloutId)));
  const { exceptions, skippedBy } = await sumUp(plan === undefined ? [] : [ledger.readOutcomes(rollout.rolloutId)]);
  return { skippedBy, exceptions: [...restored.exceptions.map(toRollbackException), ...exceptions.map(toException)] };
}

async function sumUp(sources: readonly AsyncIterable<readonly Outcome[]>[]): Promise<OutcomeSummary> {
  const { add, summary } = createOutcomeSummary();
  for (const source of sources) for await (const outcomes of source) add(outcomes);
  return summary();
}
