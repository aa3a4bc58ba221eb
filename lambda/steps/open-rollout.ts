import { createHash } from "node:crypto";
import type { Delivered } from "../contract/accept-deploy-event.ts";
import { type DeployEvent, fingerprintOf } from "../contract/deploy-event.ts";
import { memberOf } from "../contract/member-of.ts";
import type { Via } from "../contract/via.ts";
import { findObstacle, type Lock } from "../core/controls.ts";
import { findFreezeOf, toFrozen } from "../core/freezes.ts";
import { applyCommands, NO_COMMANDS } from "../core/gate/apply-commands.ts";
import { DAY_MS, FLIP_SHARE } from "../core/gate/rollback-reserve.ts";
import { describeReason, type Reason } from "../core/reasons.ts";
import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import {
  type Answered,
  answer,
  answerKnown,
  isRunning,
  type Opening,
  refuse,
  refuseId,
  toRecord,
} from "./answer-event.ts";
import { CONTROLS_AGE_MS } from "./gate/guard.ts";
import type { Ports } from "./ports.ts";
import { findSourceRollouts } from "./rollback/find-source-rollouts.ts";
import type { Rollout } from "./run-part.ts";

/** A rollout that may begin, another rollout that has the lock, or an answer at once. */
export type Opened =
  | {
      readonly kind: "opened";
      readonly rolloutId: string;
      readonly startedAtMs: number;
      readonly via?: Via | undefined;
      /** Of a rollback or a retry. */
      readonly source?: SourceRollouts | undefined;
      /** Absent in a dry run, which flips no customer. */
      readonly lock?: Lock | undefined;
      /** The wait until the last request of a dead execution has surely ended. */
      readonly takeOverSeconds: number;
    }
  /** It waits for the lock or for the end of a freeze, so many seconds until the next try at most. */
  | { readonly kind: "busy"; readonly leftSeconds: number }
  | Answered;

/** Accepts an event as a rollout: idempotency, then its `notAfter`, the controls, the lock, the record. */
export async function openRollout(ports: Ports, { event, via }: Delivered, execution: string): Promise<Opened> {
  const opening: Opening = {
    event,
    via,
    execution,
    rolloutId: event.id ?? nameFor(event, execution),
    fingerprint: fingerprintOf(event),
    nowMs: ports.nowMs(),
  };
  const known = await ports.ledger.findRollout(opening.rolloutId);
  if (known !== undefined && known.execution !== execution) return answerKnown(ports, opening, known);
  if (known?.report !== undefined) return { kind: "answered", report: known.report, isOurs: true };
  if (known?.status !== "running" && isLate(opening)) {
    await releaseOwnLock(ports, execution);
    return refuse(ports, opening, { code: "too-late", notAfter: event.notAfter ?? "" });
  }
  const found = await findSourceRollouts(ports.ledger, event);
  if ("problem" in found) return refuseSource(ports, opening, found.problem);
  if (event.dryRun) return begin(ports, opening, { source: found.source });
  return lockAndBegin(ports, opening, found.source);
}

/** The name that the front door gave the execution. Without one, a name that each repetition derives again. */
function nameFor(event: DeployEvent, execution: string): string {
  const [, name] = /\/durable-execution\/([\w-]{1,64})\//.exec(execution) ?? [];
  return name ?? `${event.action}-${createHash("sha256").update(execution).digest("hex").slice(0, 12)}`;
}

function isLate({ event, nowMs }: Opening): boolean {
  return event.notAfter !== undefined && Date.parse(event.notAfter) < nowMs;
}

/** An earlier run of this step may have taken the lock in time, and died. */
async function releaseOwnLock({ ledger }: Ports, execution: string): Promise<void> {
  const { lock } = await ledger.readControls();
  if (lock?.execution === execution) await ledger.releaseLock(lock);
}

async function lockAndBegin(ports: Ports, opening: Opening, source: SourceRollouts | undefined): Promise<Opened> {
  const { rolloutId, execution, fingerprint } = opening;
  const controls = await ports.ledger.readControls();
  const held = controls.lock;
  if (held?.execution === execution) return begin(ports, opening, { source, lock: held });
  const problem = findObstacle(controls, toFlips(opening.event, source));
  if (problem !== undefined) return refuse(ports, opening, problem);
  const freeze = findFreezeOf(opening.event, ports.policy.freezes, controls, opening.nowMs);
  if (freeze !== undefined) {
    return waitOrRefuse(ports, opening, {
      member: "onFreeze",
      problem: toFrozen(freeze),
      leftSeconds: freeze.leftSeconds,
    });
  }
  if (held !== undefined && (await isRunning(ports, held))) return answerBusy(ports, opening, held);
  const lock: Lock = {
    rolloutId,
    execution,
    fingerprint,
    fence: controls.fence + 1,
    settleSeconds: toTakeOverSeconds(ports),
    ...(held && { takenFrom: pickHolder(held) }),
  };
  return (await ports.ledger.takeLock(lock, controls))
    ? begin(ports, opening, { source, lock })
    : lockAndBegin(ports, opening, source);
}

/** A source that cannot be rolled back or retried now may become ready when the running rollout ends: the event can wait. */
async function refuseSource(ports: Ports, opening: Opening, problem: Reason): Promise<Opened> {
  const { event } = opening;
  const { lock } = await ports.ledger.readControls();
  const isMeant = "rolloutId" in event && event.rolloutId !== undefined ? lock?.rolloutId === event.rolloutId : true;
  if (lock === undefined || event.dryRun || !isMeant || !(await isRunning(ports, lock)))
    return refuse(ports, opening, problem);
  return waitOrRefuse(ports, opening, toBusy(lock));
}

/** A retry flips what its source flipped. */
function toFlips(event: DeployEvent, source: SourceRollouts | undefined) {
  if (event.action === "rollback") return undefined;
  return event.action === "retry" ? source : event;
}

function pickHolder({ rolloutId, execution, settleSeconds }: Lock): Lock["takenFrom"] {
  return { rolloutId, execution, settleSeconds };
}

/**
 * Counted from the moment the lock is taken, not from the end of the execution: code of a stopped execution continues
 * until it reads the lock again, and its last request ends one timeout later.
 */
function toTakeOverSeconds({ policy }: Ports): number {
  return Math.ceil((CONTROLS_AGE_MS + policy.retries.requestTimeoutMs) / 1000);
}

interface Beginning {
  readonly source?: SourceRollouts | undefined;
  readonly lock?: Lock | undefined;
}

/** Everything here may run twice: a step that dies is run again, and finds its lock and its record. */
async function begin(ports: Ports, opening: Opening, { source, lock }: Beginning): Promise<Opened> {
  const { rolloutId, execution, via } = opening;
  const takenFrom = lock?.takenFrom;
  if (takenFrom !== undefined) {
    await ports.ledger.abandonRollout(takenFrom);
    ports.log.info("lock taken over", { rolloutId, from: takenFrom.rolloutId });
  }
  const record = await ports.ledger.createRollout({ ...toRecord(opening, "running"), source });
  if (record.execution !== execution) {
    if (lock !== undefined) await ports.ledger.releaseLock(lock);
    return answerKnown(ports, opening, record);
  }
  if (record.status === "waiting") await ports.ledger.stopWaiting(rolloutId, source);
  const takeOverSeconds = takenFrom?.settleSeconds ?? 0;
  return { kind: "opened", rolloutId, startedAtMs: record.startedAtMs, via, takeOverSeconds, source, lock };
}

async function answerBusy(ports: Ports, opening: Opening, held: Lock): Promise<Opened> {
  const isEqual = held.fingerprint === opening.fingerprint;
  if (held.rolloutId === opening.rolloutId && !isEqual) return refuseId(opening);
  const isSame = held.rolloutId === opening.rolloutId || (opening.event.id === undefined && isEqual);
  if (!isSame) return waitOrRefuse(ports, opening, toBusy(held));
  const known = await ports.ledger.findRollout(held.rolloutId);
  if (known !== undefined) return answerKnown(ports, opening, known);
  return answer(opening, { rolloutId: held.rolloutId, status: "running", joined: true });
}

/** What a rollout may wait for, if its event says so. */
interface Obstacle {
  readonly member: "onBusy" | "onFreeze";
  readonly problem: Reason;
  /** Until it is over; absent while that is not known. */
  readonly leftSeconds?: number;
}

function toBusy({ rolloutId }: Lock): Obstacle {
  return { member: "onBusy", problem: { code: "locked", rolloutId } };
}

/** A waiting event has a record, so that it can be asked about and aborted. */
async function waitOrRefuse(
  ports: Ports,
  opening: Opening,
  { member, problem, leftSeconds = Number.POSITIVE_INFINITY }: Obstacle,
): Promise<Opened> {
  const { event, rolloutId } = opening;
  if (memberOf(event, member) !== "wait") return refuse(ports, opening, problem);
  const record = await ports.ledger.createRollout(toRecord(opening, "waiting"));
  if (record.execution !== opening.execution) return answerKnown(ports, opening, record);
  const { commands } = await ports.ledger.readGateInputs(rolloutId);
  const { abort } = applyCommands(NO_COMMANDS, commands);
  if (abort !== undefined)
    return refuse(ports, opening, { code: "aborted-while-waiting", by: abort.by, why: abort.reason });
  const latestMs = Math.min(Date.parse(event.notAfter ?? ""), record.startedAtMs + FLIP_SHARE.days * DAY_MS);
  if (latestMs < opening.nowMs) return refuse(ports, opening, problem);
  ports.log.info("rollout waits to begin", { rolloutId, heldBy: describeReason(problem) });
  return { kind: "busy", leftSeconds: Math.min(leftSeconds, Math.ceil((latestMs - opening.nowMs) / 1_000)) };
}

/** The rollout of an opened event. A retry repeats the action of its source, for the customers that are left of it. */
export function toRollout(event: DeployEvent, opened: Extract<Opened, { readonly kind: "opened" }>): Rollout {
  const { kind: _opened, takeOverSeconds: _waited, source, ...begun } = opened;
  switch (event.action) {
    case "rollback":
      return { ...begun, kind: "rollback", event, source: source as SourceRollouts };
    case "retry": {
      const { action, release, how } = source as SourceRollouts;
      const { rolloutId: _of, ...given } = event;
      return {
        ...begun,
        kind: "flip",
        event: { ...how, ...given, action, release, targets: [{ all: true }] },
        source,
      };
    }
    case "stage":
    case "promote":
      return { ...begun, kind: "flip", event };
  }
}
