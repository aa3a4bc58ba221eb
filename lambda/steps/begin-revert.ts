import type { Subject } from "../rollout/records.ts";
import type { Steering } from "../rollout/steering.ts";
import type { Locked, Rollout } from "./part.ts";
import type { Ports } from "./ports.ts";

export interface TurnBack {
  readonly subject: Subject;
  /** Commands that were taken in before are not taken in again: an abort ended the flips, and must not end this. */
  readonly steering: Steering;
}

/**
 * Right before the first flip back: the release is held, so that nothing brings it out again until a person clears it.
 * Gives the steering to begin with.
 */
export async function beginRevert(
  ports: Ports,
  rollout: Locked<Rollout>,
  { subject, steering }: TurnBack,
): Promise<Steering> {
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
  return passLateAborts(ports, rolloutId, steering);
}

/** An abort that came too late to stop the flips, and wants them turned back, must not end just that. */
async function passLateAborts({ ledger }: Ports, rolloutId: string, steering: Steering): Promise<Steering> {
  const { commands } = await ledger.readSteering(rolloutId);
  const late = commands.slice(steering.seen);
  const wantTheSame = late.every(({ command, rollback }) => command === "abort" && rollback);
  return wantTheSame ? { ...steering, seen: commands.length } : steering;
}
