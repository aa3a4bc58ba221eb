import type { DeployEvent } from "../contract/deploy-event.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { describeHold, describeStop, findHold } from "../core/controls.ts";
import type { StartRolloutPorts } from "./ports.ts";

/** Thrown for an event that the controls forbid. The event is valid: it may be sent again later. */
export class ControlsError extends RefusedError {
  override readonly name = "ControlsError";
}

/**
 * Refuses an event that the controls forbid. The worker checks the controls again when it begins, and the stop switch and
 * the protected customers before each batch. A hold does not stop a rollback, which may have made it. A dry run flips no
 * customer, so it is always allowed. @throws ControlsError
 */
export async function checkControls({ ledger }: Pick<StartRolloutPorts, "ledger">, event: DeployEvent): Promise<void> {
  if (event.dryRun) return;
  const controls = await ledger.readControls();
  if (controls.stopped !== undefined) throw new ControlsError(`nothing was done: ${describeStop(controls.stopped)}`);
  if (Object.keys(controls.holds).length === 0) return;
  const later = await findLaterRollouts(ledger, event);
  if (later === undefined || later.action === "rollback" || later.action === "retry") return;
  const hold = findHold(controls, later.action, later.release);
  if (hold !== undefined) throw new ControlsError(`nothing was done: ${describeHold(later.release, hold)}`);
}

const MOST_RETRIES = 100;

/** The event that names the release: a retry names only the rollout that it finishes. */
async function findLaterRollouts(
  ledger: StartRolloutPorts["ledger"],
  event: DeployEvent,
  retries = 0,
): Promise<DeployEvent | undefined> {
  if (event.action !== "retry") return event;
  const retried = retries < MOST_RETRIES ? await ledger.findRollout(event.rolloutId) : undefined;
  return retried && findLaterRollouts(ledger, retried.event, retries + 1);
}
