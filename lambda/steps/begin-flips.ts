import type { Plan } from "../rollout/plan.ts";
import type { Subject } from "../rollout/records.ts";
import type { Steering } from "../rollout/steering.ts";
import { announce } from "./announce.ts";
import type { FlipRollout, Locked, Rollout } from "./part.ts";
import type { Ports } from "./ports.ts";

/** Right before the first flip: from now on this is the release's last rollout. */
export async function beginFlips(ports: Ports, rollout: Locked<FlipRollout>, plan: Plan): Promise<void> {
  const { rolloutId, event } = rollout;
  await ports.ledger.noteRelease(event.release, rolloutId);
  const { flip, unchanged, skipped, hash, waves } = plan;
  await announce(ports, rollout, { change: "started", plan: { flip, unchanged, skipped, hash, waves: waves.length } });
}

/**
 * A release that is turned back is held: nothing brings it out again until a person clears it. Gives how many commands
 * are done with: an abort that came too late to stop the flips and wants them turned back must not end just that.
 */
export async function holdRelease(
  ports: Ports,
  rollout: Locked<Rollout>,
  { subject, steering }: { readonly subject: Subject; readonly steering: Steering },
): Promise<number> {
  const { rolloutId, event } = rollout;
  const { release, action, rollouts } = subject;
  const hold = {
    action,
    rolloutId: rollouts[0]?.rolloutId ?? rolloutId,
    requestedBy: event.requestedBy ?? "cutover",
    reason: `rolled back by ${rolloutId}`,
    at: new Date(ports.nowMs()).toISOString(),
  };
  const held = await ports.ledger.holdRelease(release, hold, `hold-${rolloutId}`);
  if (held.kind === "refused") ports.log.info("release not held", { rolloutId, release, problem: held.problem });
  const { commands } = await ports.ledger.readSteering(rolloutId);
  const wantsMore = commands.slice(steering.seen).some(({ command, rollback }) => command !== "abort" || !rollback);
  return wantsMore ? steering.seen : commands.length;
}
