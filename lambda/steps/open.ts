import { createHash } from "node:crypto";
import { type FlipEvent, fingerprintOf } from "../events/deploy-event.ts";
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
  readonly event: FlipEvent;
  readonly execution: string;
  readonly rolloutId: string;
  readonly fingerprint: string;
  readonly nowMs: number;
}

/** Accepts an event as a rollout: idempotency first, then its time, then the lock, then the record. */
export async function openRollout(ports: Ports, event: FlipEvent, execution: string): Promise<Opened> {
  const opening: Opening = {
    event,
    execution,
    rolloutId: event.id ?? nameFor(event, execution),
    fingerprint: fingerprintOf(event),
    nowMs: ports.nowMs(),
  };
  const known = await ports.ledger.findRollout(opening.rolloutId);
  if (known !== undefined && known.execution !== execution) return answerKnown(ports, opening, known);
  if (known === undefined && event.notAfter !== undefined && Date.parse(event.notAfter) < opening.nowMs) {
    await releaseOwnLock(ports, execution);
    return refuse(opening, `it came too late: not after ${event.notAfter}; send a new event if it should still happen`);
  }
  if (event.dryRun) return begin(ports, opening, undefined);
  return lockAndBegin(ports, opening);
}

/** The name that the front door gave the execution; where an execution has none, one that every repetition gives again. */
function nameFor(event: FlipEvent, execution: string): string {
  const [, name] = /\/durable-execution\/([\w-]{1,64})\//.exec(execution) ?? [];
  return name ?? `${event.action}-${createHash("sha256").update(execution).digest("hex").slice(0, 12)}`;
}

/** Before it died, an earlier run of this step may have taken the lock in time. */
async function releaseOwnLock({ ledger }: Ports, execution: string): Promise<void> {
  const { lock } = await ledger.readOrders();
  if (lock?.execution === execution) await ledger.releaseLock(lock);
}

async function lockAndBegin(ports: Ports, opening: Opening): Promise<Opened> {
  const { rolloutId, execution, fingerprint } = opening;
  const orders = await ports.ledger.readOrders();
  const held = orders.lock;
  if (held?.execution === execution) return begin(ports, opening, held);
  if (held !== undefined && (await isRunning(ports, held))) return answerBusy(ports, opening, held);
  const lock: Lock = {
    rolloutId,
    execution,
    fingerprint,
    fence: orders.fence + 1,
    settleSeconds: secondsToSettle(ports),
    ...(held && { takenFrom: pickHolder(held) }),
  };
  return (await ports.ledger.takeLock(lock, orders)) ? begin(ports, opening, lock) : lockAndBegin(ports, opening);
}

function pickHolder({ rolloutId, execution, settleSeconds }: Lock): Lock["takenFrom"] {
  return { rolloutId, execution, settleSeconds };
}

/**
 * Counted from the taking of the lock, not from the end of the execution: code of a stopped execution works on until it
 * looks at the lock, and its last request ends one timeout later.
 */
function secondsToSettle({ policy }: Ports): number {
  return Math.ceil((ORDERS_AGE_MS + policy.retries.requestTimeoutMs) / 1000);
}

async function isRunning({ executions }: Ports, { execution }: Pick<Lock, "execution">): Promise<boolean> {
  return (await executions.findEnd(execution)).running;
}

/** Everything here may be done twice: a step that dies is run again, and finds its lock and its record. */
async function begin(ports: Ports, opening: Opening, lock: Lock | undefined): Promise<Opened> {
  const { rolloutId, fingerprint, execution, event, nowMs } = opening;
  const takenFrom = lock?.takenFrom;
  if (takenFrom !== undefined) {
    await ports.ledger.abandonRollout(takenFrom);
    ports.log.info("lock taken over", { rolloutId, from: takenFrom.rolloutId });
  }
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
    return answerKnown(ports, opening, record);
  }
  const settleSeconds = takenFrom?.settleSeconds ?? 0;
  return { kind: "opened", rolloutId, startedAtMs: record.startedAtMs, settleSeconds, ...(lock && { lock }) };
}

/** The same id is the same rollout, for ever. */
async function answerKnown(ports: Ports, opening: Opening, known: RolloutRecord): Promise<Opened> {
  if (known.fingerprint !== opening.fingerprint) return refuseId(opening);
  const { rolloutId, startedAtMs, status, report, problem } = await abandonIfDead(ports, known);
  const times = { startedAt: new Date(startedAtMs).toISOString(), durationMs: opening.nowMs - startedAtMs };
  return answer(opening, { ...times, ...(report ?? { problem }), rolloutId, status, joined: true });
}

/** A rollout that is recorded as running cannot say by itself that its execution has ended. */
async function abandonIfDead(ports: Ports, known: RolloutRecord): Promise<RolloutRecord> {
  if (known.status !== "running" || (await isRunning(ports, known))) return known;
  await ports.ledger.abandonRollout(known);
  return (await ports.ledger.findRollout(known.rolloutId)) ?? known;
}

async function answerBusy(ports: Ports, opening: Opening, held: Lock): Promise<Opened> {
  const isEqual = held.fingerprint === opening.fingerprint;
  if (held.rolloutId === opening.rolloutId && !isEqual) return refuseId(opening);
  const isSame = held.rolloutId === opening.rolloutId || (opening.event.id === undefined && isEqual);
  if (!isSame) {
    return refuse(
      opening,
      `rollout ${held.rolloutId} is running in this environment; wait for its end, then send the event again`,
    );
  }
  const known = await ports.ledger.findRollout(held.rolloutId);
  if (known !== undefined) return answerKnown(ports, opening, known);
  return answer(opening, { rolloutId: held.rolloutId, status: "running", joined: true });
}

function refuseId(opening: Opening): Opened {
  return refuse(opening, `the id ${opening.rolloutId} belongs to another event; give this one an id of its own`);
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
