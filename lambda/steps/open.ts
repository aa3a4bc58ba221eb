import { createHash } from "node:crypto";
import { type DeployEvent, fingerprintOf } from "../events/deploy-event.ts";
import { NO_COUNTS } from "../rollout/outcome.ts";
import type { Lock, RolloutRecord } from "../rollout/records.ts";
import type { Report, RolloutStatus } from "../rollout/report.ts";
import { ORDERS_AGE_MS } from "./hold-lock.ts";
import type { Ports } from "./ports.ts";

/** Either a rollout of our own, or an answer at once. */
export type Opened =
  | {
      readonly kind: "opened";
      readonly rolloutId: string;
      readonly startedAtMs: number;
      /** Absent in a dry run, which flips nobody. */
      readonly lock?: Lock;
      /** Until the last requests of a rollout whose execution died have surely ended. */
      readonly settleSeconds: number;
    }
  | { readonly kind: "answered"; readonly report: Report };

interface Opening {
  readonly event: DeployEvent;
  readonly execution: string;
  readonly rolloutId: string;
  readonly fingerprint: string;
  readonly nowMs: number;
}

/** Accepts an event as a rollout: idempotency first, then its time, then the lock, then the record. */
export async function openRollout(ports: Ports, event: DeployEvent, execution: string): Promise<Opened> {
  const opening: Opening = {
    event,
    execution,
    rolloutId: event.id ?? nameFor(event, execution),
    fingerprint: fingerprintOf(event),
    nowMs: ports.nowMs(),
  };
  const known = await ports.ledger.findRollout(opening.rolloutId);
  if (known !== undefined && known.execution !== execution) return answerKnown(opening, known);
  if (known === undefined && event.notAfter !== undefined && Date.parse(event.notAfter) < opening.nowMs) {
    return refuse(opening, `it came too late: not after ${event.notAfter}; send a new event if it should still happen`);
  }
  if (event.dryRun) return begin(ports, opening, undefined, 0);
  return lockAndBegin(ports, opening);
}

/** An id that is the same whenever this step is repeated. */
function nameFor(event: DeployEvent, execution: string): string {
  return `${event.action}-${createHash("sha256").update(execution).digest("hex").slice(0, 12)}`;
}

async function lockAndBegin(ports: Ports, opening: Opening): Promise<Opened> {
  const orders = await ports.ledger.readOrders();
  const held = orders.lock;
  if (held?.execution === opening.execution)
    return begin(ports, opening, held, settleSeconds(ports, opening.nowMs, undefined));
  let endedAtMs: number | undefined = 0;
  if (held !== undefined) {
    const end = await ports.executions.findEnd(held.execution);
    if (end.running) return answerBusy(ports, opening, held);
    endedAtMs = end.endedAtMs;
  }
  const lock: Lock = {
    rolloutId: opening.rolloutId,
    execution: opening.execution,
    fence: orders.fence + 1,
    fingerprint: opening.fingerprint,
  };
  if (!(await ports.ledger.takeLock(lock, orders))) return lockAndBegin(ports, opening);
  if (held === undefined) return begin(ports, opening, lock, 0);
  await ports.ledger.abandonRollout(held.rolloutId);
  ports.log.info("lock taken over", { rolloutId: opening.rolloutId, from: held.rolloutId });
  return begin(ports, opening, lock, settleSeconds(ports, opening.nowMs, endedAtMs));
}

/** A dead execution's batch stops at its next look at the lock; its last request ends one timeout later. */
function settleSeconds({ policy }: Ports, nowMs: number, endedAtMs: number | undefined): number {
  const settledMs = (endedAtMs ?? nowMs) + ORDERS_AGE_MS + policy.retries.requestTimeoutMs;
  return Math.max(0, Math.ceil((settledMs - nowMs) / 1000));
}

async function begin(ports: Ports, opening: Opening, lock: Lock | undefined, settle: number): Promise<Opened> {
  const { rolloutId, fingerprint, execution, event, nowMs } = opening;
  const record = await ports.ledger.createRollout({
    rolloutId,
    fingerprint,
    execution,
    event,
    startedAtMs: nowMs,
    status: "running",
  });
  if (record.execution !== execution) {
    if (lock !== undefined) await ports.ledger.releaseLock(lock);
    return answerKnown(opening, record);
  }
  return { kind: "opened", rolloutId, startedAtMs: record.startedAtMs, settleSeconds: settle, ...(lock && { lock }) };
}

/** The same id is the same rollout, for ever. */
function answerKnown(opening: Opening, known: RolloutRecord): Opened {
  if (known.fingerprint !== opening.fingerprint) {
    return refuse(opening, `the id ${opening.rolloutId} belongs to another event; give this one an id of its own`);
  }
  return answer(opening, { ...(known.report ?? {}), rolloutId: known.rolloutId, status: known.status, joined: true });
}

async function answerBusy(ports: Ports, opening: Opening, held: Lock): Promise<Opened> {
  const isSame =
    held.rolloutId === opening.rolloutId ||
    (opening.event.id === undefined && held.fingerprint === opening.fingerprint);
  if (!isSame) {
    return refuse(
      opening,
      `rollout ${held.rolloutId} is running in this environment; wait for its end, then send the event again`,
    );
  }
  const known = await ports.ledger.findRollout(held.rolloutId);
  if (known !== undefined) return answerKnown(opening, known);
  return answer(opening, { rolloutId: held.rolloutId, status: "running", joined: true });
}

function refuse(opening: Opening, problem: string): Opened {
  return answer(opening, { rolloutId: opening.rolloutId, status: "refused", problem: `nothing was done: ${problem}` });
}

function answer(opening: Opening, facts: Partial<Report> & { rolloutId: string; status: RolloutStatus }): Opened {
  const { action, release, dryRun } = opening.event;
  const startedAt = new Date(opening.nowMs).toISOString();
  return {
    kind: "answered",
    report: {
      action,
      release,
      dryRun,
      counts: NO_COUNTS,
      exceptions: [],
      moreExceptions: 0,
      startedAt,
      durationMs: 0,
      ...facts,
    },
  };
}
