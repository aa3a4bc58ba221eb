import type { DeployEvent } from "../contract/deploy-event.ts";
import { memberOf } from "../contract/member-of.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { describeHold, describeStop, findHold, type LockAndControls } from "../core/controls.ts";
import { findFreezeOf, toFrozen } from "../core/freezes.ts";
import { describeReason } from "../core/reasons.ts";
import type { StartRolloutPorts } from "./ports.ts";

/** Thrown for an event that the controls or the lock forbid. The event is valid: it may be sent again later. */
export class ControlsError extends RefusedError {
  override readonly name = "ControlsError";
}

/**
 * Refuses an event that the controls, a freeze or a running rollout forbid. The worker checks all of them again when it
 * begins, and the stop switch, the freezes and the protected customers before each batch. A hold does not stop a rollback, which may have made
 * it. A dry run flips no customer, so it is always allowed. @throws ControlsError
 */
export async function checkControls(ports: StartRolloutPorts, event: DeployEvent): Promise<void> {
  if (event.dryRun) return;
  const { ledger } = ports;
  const controls = await ledger.readControls();
  if (controls.stopped !== undefined) throw new ControlsError(`nothing was done: ${describeStop(controls.stopped)}`);
  await refuseHeldRelease(ledger, controls, event);
  refuseFrozen(ports, controls, event);
  await refuseLocked(ports, controls, event);
}

async function refuseHeldRelease(
  ledger: StartRolloutPorts["ledger"],
  controls: LockAndControls,
  event: DeployEvent,
): Promise<void> {
  if (Object.keys(controls.holds).length === 0) return;
  const first = await findFirstEvent(ledger, event);
  if (first === undefined || first.action === "rollback" || first.action === "retry") return;
  const hold = findHold(controls, first.action, first.release);
  if (hold !== undefined) throw new ControlsError(`nothing was done: ${describeHold(first.release, hold)}`);
}

function refuseFrozen({ policy, nowMs }: StartRolloutPorts, controls: LockAndControls, event: DeployEvent): void {
  if (memberOf(event, "onFreeze") === "wait") return;
  const freeze = findFreezeOf(event, policy.freezes, controls, nowMs());
  if (freeze !== undefined) throw new ControlsError(`nothing was done: ${describeReason(toFrozen(freeze))}`);
}

/** The lock of this event's own rollout, which has just begun, does not count. */
async function refuseLocked(
  { executions }: StartRolloutPorts,
  { lock }: LockAndControls,
  { id, onBusy }: DeployEvent,
): Promise<void> {
  if (lock === undefined || lock.rolloutId === id || onBusy === "wait") return;
  if (!(await executions.findEnd(lock.execution)).running) return;
  throw new ControlsError(`nothing was done: ${describeReason({ code: "locked", rolloutId: lock.rolloutId })}`);
}

const MOST_RETRIES = 100;

/** The event that names the release: a retry names only the rollout that it finishes. */
async function findFirstEvent(
  ledger: StartRolloutPorts["ledger"],
  event: DeployEvent,
  retries = 0,
): Promise<DeployEvent | undefined> {
  if (event.action !== "retry") return event;
  const retried = retries < MOST_RETRIES ? await ledger.findRollout(event.rolloutId) : undefined;
  return retried && findFirstEvent(ledger, retried.event, retries + 1);
}
