import { toIso } from "../../contract/instant.ts";
import type { Counts } from "../../core/flip/outcome.ts";
import { toUnanswered, type Unanswered } from "../../core/gate/apply-commands.ts";
import type { Plan, PlannedWave } from "../../core/plan/plan.ts";
import { explain } from "../../core/reasons.ts";
import { toApprovalAlert } from "../../core/report/alert-message.ts";
import { actionOf } from "../../core/report/report.ts";
import type { Ports } from "../ports.ts";
import { publish } from "../report/publish.ts";
import type { FlipRollout, Locked } from "../run-part.ts";

export interface ApprovalAsked {
  readonly plan: Plan;
  readonly wave: PlannedWave;
  /** Of the waves before. */
  readonly counts: Counts;
}

/**
 * Publishes that a wave waits for an approval, and sends the people who can answer the alert that asks. Gives why the wave
 * does not begin.
 */
export async function askApproval(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  { plan, wave: { wave, customers, approvalSeconds = 0 }, counts }: ApprovalAsked,
): Promise<Unanswered> {
  const { rolloutId, event, startedAtMs } = rollout;
  const askedAtMs = ports.nowMs();
  const until = toIso(askedAtMs + approvalSeconds * 1_000);
  const asked = toUnanswered({ wave, customers, until });
  const { waves, hash } = plan;
  await publish(ports, rollout, { change: "approval asked", wave, waves: waves.length, customers, plan: hash, until });
  const alert = toApprovalAlert(
    {
      rolloutId,
      action: actionOf(rollout),
      release: event.release,
      status: "running",
      dryRun: false,
      counts: { ...counts, unchanged: counts.unchanged + plan.unchanged, skipped: counts.skipped + plan.skipped },
      plan,
      progress: { phase: "waiting for approval", wave, since: toIso(askedAtMs), heldBy: [explain(asked)], noted: [] },
      exceptions: [],
      moreExceptions: 0,
      startedAt: toIso(startedAtMs),
      durationMs: askedAtMs - startedAtMs,
      requestedBy: event.requestedBy,
      reason: event.reason,
    },
    ports.dashboardUrl,
  );
  await ports.notifier.alert(alert);
  return asked;
}
