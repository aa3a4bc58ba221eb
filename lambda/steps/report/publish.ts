import { toAlertMessage } from "../../core/report/alert-message.ts";
import { actionOf, type Report, releaseOf } from "../../core/report/report.ts";
import {
  isEndStatus,
  type RolloutEvent,
  type RolloutEventOf,
  toEventHold,
  toEventReasons,
} from "../../core/report/rollout-event.ts";
import type { Ports } from "../ports.ts";
import type { Rollout } from "../run-part.ts";

/**
 * Publishes one change of a rollout's state, and records it as the last one. A step that runs again publishes it again. A
 * rollout never fails because of it: without the record, a status is only older than it could be. Only a rollout that asks
 * for an approval needs the record. @throws what the ledger throws then
 */
export async function publish(ports: Ports, rollout: Rollout, change: RolloutEventOf): Promise<void> {
  const { rolloutId } = rollout;
  const at = new Date(ports.nowMs()).toISOString();
  const event: RolloutEvent = { rolloutId, action: actionOf(rollout), release: releaseOf(rollout), at, ...change };
  await ports.ledger.recordEvent(rolloutId, event).catch((error: unknown) => {
    // The front door takes an answer only by this record.
    if (event.change === "approval asked") throw error;
    const problem = error instanceof Error ? error.name : "unknown";
    ports.log.info("change not recorded", { rolloutId, change: event.change, problem });
  });
  await ports.notifier.publish(event);
}

/** Publishes the last change, and sends an alert when a person is needed. */
export async function publishEnd(ports: Ports, report: Report): Promise<void> {
  const { rolloutId, action, release, status, counts, rollback, problems } = report;
  const head = { rolloutId, action, release, at: new Date(ports.nowMs()).toISOString() };
  const hold = toEventHold(report);
  const why = problems && toEventReasons(problems);
  if (isEndStatus(status))
    await ports.notifier.publish({ ...head, change: "ended", status, counts, rollback, ...hold, problems: why });
  const message = toAlertMessage(report);
  if (message !== undefined) await ports.notifier.alert(message);
}
