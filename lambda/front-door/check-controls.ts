import type { DeployEvent } from "../contract/deploy-event.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { describeHold, describeStop, findHold } from "../rollout/controls.ts";
import type { RolloutStartPorts } from "./ports.ts";

/** Thrown for an event that a standing order refuses: nothing is wrong with the event, and it may be sent again later. */
export class StandingOrderError extends RefusedError {
  override readonly name = "StandingOrderError";
}

/**
 * Refuses what the standing orders forbid, at once; the worker looks at them again when it begins, and at the stop and
 * the protected customers before every batch. A rollback goes on under a hold, which it made or may have to finish; a dry
 * run flips nobody. @throws StandingOrderError
 */
export async function refuseOrdered({ ledger }: Pick<RolloutStartPorts, "ledger">, event: DeployEvent): Promise<void> {
  if (event.dryRun) return;
  const orders = await ledger.readOrders();
  if (orders.stopped !== undefined) throw new StandingOrderError(`nothing was done: ${describeStop(orders.stopped)}`);
  if (Object.keys(orders.holds).length === 0) return;
  const origin = await findOrigin(ledger, event);
  if (origin === undefined || origin.action === "rollback" || origin.action === "retry") return;
  const hold = findHold(orders, origin.action, origin.release);
  if (hold !== undefined) throw new StandingOrderError(`nothing was done: ${describeHold(origin.release, hold)}`);
}

const MOST_RETRIES = 100;

/** The event that said which release goes where: a retry only names the rollout of which it does the rest. */
async function findOrigin(
  ledger: RolloutStartPorts["ledger"],
  event: DeployEvent,
  retries = 0,
): Promise<DeployEvent | undefined> {
  if (event.action !== "retry") return event;
  const retried = retries < MOST_RETRIES ? await ledger.findRollout(event.rolloutId) : undefined;
  return retried && findOrigin(ledger, retried.event, retries + 1);
}
