import { toAlertMessage } from "../../core/report/alert-message.ts";
import { actionOf, type Report, releaseOf } from "../../core/report/report.ts";
import { isEnding, type RolloutEvent, type RolloutEventOf } from "../../core/report/rollout-event.ts";
import type { Ports } from "../ports.ts";
import type { Rollout } from "../run-part.ts";

/**
 * Tells the outside of one change of state, and keeps it as the last one. A step that is run again tells it again. No
 * rollout fails because of it: that it is not kept only makes a status older than it could be.
 */
export async function publish(ports: Ports, rollout: Rollout, change: RolloutEventOf): Promise<void> {
  const { rolloutId } = rollout;
  const at = new Date(ports.nowMs()).toISOString();
  const told: RolloutEvent = { rolloutId, action: actionOf(rollout), release: releaseOf(rollout), at, ...change };
  await ports.ledger.recordEvent(rolloutId, told).catch((error: unknown) => {
    const problem = error instanceof Error ? error.name : "unknown";
    ports.log.info("change not kept", { rolloutId, change: told.change, problem });
  });
  await ports.notifier.publish(told);
}

/** The last change; when it needs a person, a person is told too. */
export async function publishEnd(ports: Ports, report: Report): Promise<void> {
  const { rolloutId, action, release, status, counts, rollback, held, notHeld, problem } = report;
  const head = { rolloutId, action, release, at: new Date(ports.nowMs()).toISOString() };
  if (isEnding(status))
    await ports.notifier.publish({ ...head, change: "ended", status, counts, rollback, held, notHeld, problem });
  const message = toAlertMessage(report);
  if (message !== undefined) await ports.notifier.alert(message);
}
