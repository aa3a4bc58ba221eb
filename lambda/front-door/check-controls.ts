import type { DeployEvent, FlipEvent } from "../contract/deploy-event.ts";
import { memberOf } from "../contract/member-of.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { findObstacle } from "../core/controls.ts";
import { findFreezeOf, toFrozen } from "../core/freezes.ts";
import { describeReason, type Reason } from "../core/reasons.ts";
import { adviseOn } from "../core/report/next-steps.ts";
import type { StartRolloutPorts } from "./ports.ts";

/** Thrown for a valid request that the state of the environment forbids: the controls, the lock or an earlier rollback. */
export class ControlsError extends RefusedError {
  override readonly name = "ControlsError";
  constructor(reason: Reason) {
    super(`nothing was done: ${describeReason(reason)}`, { next: adviseOn(reason) });
  }
}

/**
 * Why the controls, a freeze, a running rollout or an earlier rollback forbid an event now. The worker checks all of them
 * again when it begins, and the stop switch, the freezes and the protected customers before each batch. A hold does not stop
 * a rollback, which may have made it. The lock of this event's own rollout, which has just begun, does not count.
 */
export async function findForbidding(ports: StartRolloutPorts, event: DeployEvent): Promise<Reason | undefined> {
  const { ledger, policy, executions, nowMs } = ports;
  // Before the hold that the rollback made: without it, the retry would be refused all the same.
  if (event.action === "retry" && (await wasRolledBack(ledger, event.rolloutId)))
    return { code: "was-rolled-back", rolloutId: event.rolloutId };
  const controls = await ledger.readControls();
  const obstacle = findObstacle(controls, await findFlips(ledger, event));
  if (obstacle !== undefined) return obstacle;
  const freeze = findFreezeOf(event, policy.freezes, controls, nowMs());
  if (freeze !== undefined && memberOf(event, "onFreeze") !== "wait") return toFrozen(freeze);
  const { lock } = controls;
  if (lock === undefined || lock.rolloutId === event.id || event.onBusy === "wait") return undefined;
  return (await executions.findEnd(lock.execution)).running ? { code: "locked", rolloutId: lock.rolloutId } : undefined;
}

/** By itself, or by another rollout. Of several rollouts that are rolled back at once, the worker looks at the batches. */
async function wasRolledBack({ findRollout }: StartRolloutPorts["ledger"], rolloutId: string): Promise<boolean> {
  const retried = await findRollout(rolloutId);
  const by = retried?.rolledBackBy;
  const { report, source } = (by === undefined ? retried : await findRollout(by)) ?? {};
  const isOnlyOne = by === undefined || source?.rollouts.length === 1;
  return isOnlyOne && (report?.rollback?.restored ?? 0) > 0;
}

const MOST_RETRIES = 100;

/** The event that names the release: a retry names only the rollout that it finishes. No hold forbids a rollback. */
async function findFlips(
  ledger: StartRolloutPorts["ledger"],
  event: DeployEvent,
  retries = 0,
): Promise<FlipEvent | undefined> {
  if (event.action === "rollback") return undefined;
  if (event.action !== "retry") return event;
  const retried = retries < MOST_RETRIES ? await ledger.findRollout(event.rolloutId) : undefined;
  return retried && findFlips(ledger, retried.event, retries + 1);
}
