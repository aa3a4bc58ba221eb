import type { Delivered } from "../contract/accept-deploy-event.ts";
import type { Lock } from "../core/controls.ts";
import { NO_COUNTS } from "../core/flip/outcome.ts";
import { explain, type Reason } from "../core/reasons.ts";
import { type Report, releaseOf } from "../core/report/report.ts";
import { isUnderWay, type RolloutStatus } from "../core/report/rollout-status.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import type { Ports } from "./ports.ts";

/** The report that answers an event at once. */
export interface Answered {
  readonly kind: "answered";
  readonly report: Report;
  /** The report is of this execution's own rollout, so no other execution publishes it. */
  readonly isOurs?: boolean;
}

/** An event that is being opened as a rollout. */
export interface Opening extends Delivered {
  readonly execution: string;
  readonly rolloutId: string;
  readonly fingerprint: string;
  readonly nowMs: number;
}

/** The same id is the same rollout forever. */
export async function answerKnown(ports: Ports, opening: Opening, known: RolloutRecord): Promise<Answered> {
  if (known.fingerprint !== opening.fingerprint) return refuseId(opening);
  const { rolloutId, startedAtMs, status, report, problem } = await abandonIfDead(ports, known);
  const times = { startedAt: new Date(startedAtMs).toISOString(), durationMs: opening.nowMs - startedAtMs };
  return answer(opening, {
    ...times,
    ...(report ?? (problem && { problems: [explain(problem)] })),
    rolloutId,
    status,
    joined: true,
  });
}

/** A rollout whose execution has ended without a report is still recorded as under way. */
async function abandonIfDead(ports: Ports, known: RolloutRecord): Promise<RolloutRecord> {
  if (!isUnderWay(known) || (await isRunning(ports, known))) return known;
  await ports.ledger.abandonRollout(known);
  return (await ports.ledger.findRollout(known.rolloutId)) ?? known;
}

/** The id belongs to a different event. */
export function refuseId(opening: Opening): Answered {
  return answer(opening, {
    rolloutId: opening.rolloutId,
    status: "refused",
    problems: [explain({ code: "id-taken", id: opening.rolloutId })],
  });
}

/** A refusal is recorded under the event's id: a later `status`, or the same event again, gets it as the answer. */
export async function refuse(ports: Ports, opening: Opening, problem: Reason): Promise<Answered> {
  const { rolloutId, execution } = opening;
  const status = problem.code === "aborted-while-waiting" ? "aborted" : "refused";
  const refused = answer(opening, { rolloutId, status, problems: [explain(problem)] });
  const record = await ports.ledger.createRollout({ ...toRecord(opening, status), report: refused.report });
  if (record.execution !== execution) return answerKnown(ports, opening, record);
  if (record.status !== status) await ports.ledger.endRollout(rolloutId, refused.report);
  return { ...refused, isOurs: true };
}

/** A report of an event that begins no rollout of its own. */
export function answer(opening: Opening, facts: Partial<Report> & Pick<Report, "rolloutId" | "status">): Answered {
  const { event, via, nowMs } = opening;
  const { action, dryRun, requestedBy, reason } = event;
  return {
    kind: "answered",
    report: {
      action,
      release: releaseOf({ event }),
      dryRun,
      counts: NO_COUNTS,
      exceptions: [],
      moreExceptions: 0,
      startedAt: new Date(nowMs).toISOString(),
      durationMs: 0,
      requestedBy,
      via,
      reason,
      ...facts,
    },
  };
}

/** Whether the execution that holds the lock or owns the record still runs. */
export async function isRunning({ executions }: Ports, { execution }: Pick<Lock, "execution">): Promise<boolean> {
  return (await executions.findEnd(execution)).running;
}

export function toRecord(opening: Opening, status: RolloutStatus): RolloutRecord {
  const { rolloutId, fingerprint, execution, event, via, nowMs } = opening;
  return { rolloutId, fingerprint, execution, event, via, startedAtMs: nowMs, status };
}
