import { type Counts, NO_COUNTS, type Outcome } from "../rollout/outcome.ts";
import type { Plan } from "../rollout/plan.ts";
import { isException, MOST_EXCEPTIONS, type Report, writeReport } from "../rollout/report.ts";
import type { Rollout } from "./part.ts";
import type { Ports } from "./ports.ts";

/** How the workflow ended. */
export interface Ended {
  readonly plan?: Plan | undefined;
  /** Counts of the batches; undefined when no flip was begun. */
  readonly counts?: Counts | undefined;
  readonly problem?: string | undefined;
}

/** Writes the report into the ledger and gives the lock back; run again, it finds the report that it wrote. */
export async function closeRollout(ports: Ports, rollout: Rollout, ended: Ended): Promise<Report> {
  const { ledger, log } = ports;
  const report = (await ledger.findRollout(rollout.rolloutId))?.report ?? (await writeDown(ports, rollout, ended));
  if (rollout.lock !== undefined) await ledger.releaseLock(rollout.lock);
  log.info("rollout ended", { rolloutId: rollout.rolloutId, status: report.status, counts: report.counts });
  return report;
}

async function writeDown(ports: Ports, rollout: Rollout, { plan, counts, problem }: Ended): Promise<Report> {
  const exceptions = plan === undefined ? [] : await readExceptions(ports, rollout);
  const endedAtMs = ports.nowMs();
  const report = writeReport(
    rollout,
    { plan, counts: counts ?? NO_COUNTS, flipping: counts !== undefined, problem, exceptions },
    {
      startedAt: new Date(rollout.startedAtMs).toISOString(),
      endedAt: new Date(endedAtMs).toISOString(),
      durationMs: endedAtMs - rollout.startedAtMs,
    },
  );
  await ports.ledger.endRollout(rollout.rolloutId, report);
  return report;
}

async function readExceptions({ ledger }: Ports, { rolloutId }: Rollout): Promise<readonly Outcome[]> {
  const failed: Outcome[] = [];
  const others: Outcome[] = [];
  for await (const outcomes of ledger.readOutcomes(rolloutId)) {
    for (const outcome of outcomes) {
      if (outcome.outcome === "failed") failed.push(outcome);
      else if (isException(outcome) && others.length < MOST_EXCEPTIONS) others.push(outcome);
    }
    if (failed.length >= MOST_EXCEPTIONS) break;
  }
  return [...failed, ...others].slice(0, MOST_EXCEPTIONS);
}
