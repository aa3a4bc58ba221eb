import type { DeployEvent } from "../contract/deploy-event.ts";
import { memberOf } from "../contract/member-of.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { findHold, type LockAndControls, toHeld, toStopped } from "../core/controls.ts";
import { findFreezeOf, toFrozen } from "../core/freezes.ts";
import { describeReason, type Reason } from "../core/reasons.ts";
import { adviseOn } from "../core/report/next-steps.ts";
import type { StartRolloutPorts } from "./ports.ts";

/** Thrown for a request that the controls or the lock forbid. The request is valid: it may be sent again later. */
export class ControlsError extends RefusedError {
  override readonly name = "ControlsError";
  constructor(reason: Reason) {
    super(`nothing was done: ${describeReason(reason)}`, { next: adviseOn(reason) });
  }
}

/**
 * Why the controls, a freeze or a running rollout forbid an event now. The worker checks all of them again when it
 * begins, and the stop switch, the freezes and the protected customers before each batch. A hold does not stop a rollback,
 * which may have made it. The lock of this event's own rollout, which has just begun, does not count.
 */
export async function findForbidding(ports: StartRolloutPorts, event: DeployEvent): Promise<Reason | undefined> {
  const { ledger, policy, executions, nowMs } = ports;
  const controls = await ledger.readControls();
  const { stopped, lock } = controls;
  if (stopped !== undefined) return toStopped(stopped);
  const held = await findHeld(ledger, controls, event);
  if (held !== undefined) return held;
  const freeze = findFreezeOf(event, policy.freezes, controls, nowMs());
  if (freeze !== undefined && memberOf(event, "onFreeze") !== "wait") return toFrozen(freeze);
  if (lock === undefined || lock.rolloutId === event.id || event.onBusy === "wait") return undefined;
  return (await executions.findEnd(lock.execution)).running ? { code: "locked", rolloutId: lock.rolloutId } : undefined;
}

type Ledger = StartRolloutPorts["ledger"];

async function findHeld(ledger: Ledger, controls: LockAndControls, event: DeployEvent): Promise<Reason | undefined> {
  if (Object.keys(controls.holds).length === 0) return undefined;
  const first = await findFirstEvent(ledger, event);
  if (first === undefined || first.action === "rollback" || first.action === "retry") return undefined;
  const hold = findHold(controls, first.action, first.release);
  return hold && toHeld(first.release, hold);
}

const MOST_RETRIES = 100;

/** The event that names the release: a retry names only the rollout that it finishes. */
async function findFirstEvent(ledger: Ledger, event: DeployEvent, retries = 0): Promise<DeployEvent | undefined> {
  if (event.action !== "retry") return event;
  const retried = retries < MOST_RETRIES ? await ledger.findRollout(event.rolloutId) : undefined;
  return retried && findFirstEvent(ledger, retried.event, retries + 1);
}
