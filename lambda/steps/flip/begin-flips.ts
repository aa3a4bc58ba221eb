import { FinalError } from "../../core/final-error.ts";
import type { Plan } from "../../core/plan/plan.ts";
import { type Overridden, toOverride } from "../../core/report/report.ts";
import type { Ports } from "../ports.ts";
import { publish } from "../report/publish.ts";
import type { FlipRollout, Locked } from "../run-part.ts";

/**
 * Right before the first flip: from now on this is the newest rollout of the release. An approval, a freeze or a pause may
 * have taken long. @throws FinalError when the event is too late by now
 */
export async function beginFlips(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  { plan, overridden }: { readonly plan: Plan; readonly overridden: Overridden | undefined },
): Promise<void> {
  const { rolloutId, event } = rollout;
  const { notAfter } = event;
  if (notAfter !== undefined && ports.nowMs() > Date.parse(notAfter))
    throw new FinalError({ code: "too-late", notAfter });
  await ports.ledger.noteRelease(event.release, rolloutId);
  await ports.ledger.noteFlips({ rolloutId, action: event.action });
  const { flip, unchanged, skipped, hash, waves } = plan;
  await publish(ports, rollout, {
    change: "started",
    plan: { flip, unchanged, skipped, hash, waves: waves.length },
    override: toOverride(event, overridden),
  });
}
