import type { Advice } from "../contract/advice.ts";
import type { StatusCommand } from "../contract/command.ts";
import type { DeployEvent } from "../contract/deploy-event.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Plan } from "../core/plan/plan.ts";
import { type Explained, explain } from "../core/reasons.ts";
import { adviseReader } from "../core/report/next-steps.ts";
import { createOutcomeSummary, type OutcomeSummary } from "../core/report/outcome-summary.ts";
import { renderReport } from "../core/report/render-report.ts";
import { type PlannedFlip, type Report, releaseOf, toException } from "../core/report/report.ts";
import { isUnderWay } from "../core/report/rollout-status.ts";
import type { RollbackCounts } from "../core/rollback/settle-before-rollback.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { addRollback } from "./add-rollback.ts";
import { describeProgress } from "./describe-progress.ts";
import { findWave } from "./list-customers.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readRollback } from "./read-rollback.ts";
import { reconcileStatus } from "./reconcile-status.ts";

/** The report of a rollout, or the report so far. Less while the ledger has no record of the rollout. */
export type StatusAnswer =
  | AdvisedReport
  | {
      readonly rolloutId: string;
      readonly status: "starting" | "failed";
      readonly problems?: readonly Explained[] | undefined;
    };

/** A report with what a person can do, the first thing first, and its text on request. */
export interface AdvisedReport extends Report {
  readonly next?: readonly Advice[] | undefined;
  readonly text?: string | undefined;
}

type StatusAsked = Pick<StatusCommand, "execution" | "format"> & { readonly rolloutId: string };

/** @throws RefusedError for an unknown rollout */
export async function readStatus(ports: FrontDoorPorts, asked: StatusAsked): Promise<StatusAnswer> {
  const record = await ports.ledger.findRollout(asked.rolloutId);
  if (record === undefined) return askLambda(ports, asked);
  return advise(await reportRecord(ports, record), { ...asked, event: record.event });
}

function advise(
  report: Report,
  { format, event }: Pick<StatusCommand, "format"> & { readonly event?: DeployEvent },
): AdvisedReport {
  const next = adviseReader(report, event);
  return {
    ...report,
    ...(next.length > 0 && { next }),
    ...(format !== undefined && { text: renderReport(report, format) }),
  };
}

/** Only Lambda knows a rollout that has not begun, or an event that the worker could not read. */
async function askLambda(ports: FrontDoorPorts, { rolloutId, execution, format }: StatusAsked): Promise<StatusAnswer> {
  const outcome =
    execution === undefined ? { kind: "unknown" as const } : await ports.executions.findOutcome(execution);
  switch (outcome.kind) {
    case "running":
      return { rolloutId, status: "starting" };
    case "returned":
      return advise(await follow(ports, JSON.parse(outcome.result) as Report), { format });
    case "failed":
      return {
        rolloutId,
        status: "failed",
        problems: [explain({ code: "execution-failed", detail: outcome.problem })],
      };
    case "unknown":
      throw new RefusedError(
        `no rollout ${rolloutId} is known: it began a few seconds ago, it was refused, or it was never sent. To know which, ask again with the \`execution\` of the answer to its deploy event`,
      );
  }
}

/** An event without an id may have joined an equal rollout that began at the same time: then that rollout is reported. */
async function follow(ports: FrontDoorPorts, report: Report): Promise<Report> {
  const joined = await ports.ledger.findRollout(report.rolloutId);
  return joined === undefined ? report : reportRecord(ports, joined);
}

async function reportRecord(ports: FrontDoorPorts, record: RolloutRecord): Promise<Report> {
  const settled = await reconcileStatus(ports, record);
  const report = settled.report ?? (await reportSoFar(ports, settled));
  const { status, plan } = report;
  if (status === "planned" && plan !== undefined)
    return { ...report, firstFlips: await readFirstFlips(ports, record.rolloutId, plan) };
  return addRollback(ports, settled, report);
}

const MOST_FIRST = 50;

async function readFirstFlips(
  { ledger }: FrontDoorPorts,
  rolloutId: string,
  plan: Plan,
): Promise<Report["firstFlips"]> {
  const first: PlannedFlip[] = [];
  for (let place = 0; place < plan.batches && first.length < MOST_FIRST; place += 1) {
    const [item] = await ledger.readPlanItems(rolloutId, plan, [place]);
    const wave = findWave(plan, place) ?? 0;
    first.push(...(item?.customers ?? []).map((customer) => ({ wave, ...customer })));
  }
  return first.slice(0, MOST_FIRST);
}

async function reportSoFar(ports: FrontDoorPorts, record: RolloutRecord): Promise<Report> {
  const { rolloutId, event, via, startedAtMs, status, problem, plan, source } = record;
  const nowMs = ports.nowMs();
  const { freezes } = ports.policy;
  const [{ counts, exceptions, skippedBy, failedBy }, rollback, commanded, gate] = await Promise.all([
    countSoFar(ports, rolloutId),
    countRestoredSoFar(ports, record),
    ports.ledger.readGateInputs(rolloutId),
    ports.ledger.findGateState(rolloutId),
  ]);
  return {
    rolloutId,
    action: event.action,
    release: releaseOf(record),
    status,
    dryRun: event.dryRun,
    problems: problem && [explain(problem)],
    counts,
    plan,
    skippedBy,
    failedBy,
    rollback,
    of: source?.rollouts.map((one) => one.rolloutId),
    progress: isUnderWay(record) ? describeProgress({ record, gate, ...commanded, freezes, nowMs }) : undefined,
    exceptions: exceptions.map(toException),
    moreExceptions: counts.deferred + counts.skipped + counts.failed - exceptions.length,
    startedAt: new Date(startedAtMs).toISOString(),
    durationMs: nowMs - startedAtMs,
    requestedBy: event.requestedBy,
    via,
    reason: event.reason,
  };
}

/** The counts of a rollback so far. A customer that was not attempted yet counts as failed. */
async function countRestoredSoFar(
  { ledger }: FrontDoorPorts,
  { rolloutId, source, event }: RolloutRecord,
): Promise<RollbackCounts | undefined> {
  const isRollback = event.action === "rollback";
  const sources = isRollback ? (source?.rollouts.map((one) => one.rolloutId) ?? []) : [rolloutId];
  const { isBegun, counts } = await readRollback(ledger, sources);
  return isRollback || isBegun ? counts : undefined;
}

async function countSoFar({ ledger }: FrontDoorPorts, rolloutId: string): Promise<OutcomeSummary> {
  const { add, summary } = createOutcomeSummary();
  for await (const outcomes of ledger.readOutcomes(rolloutId)) add(outcomes);
  return summary();
}
