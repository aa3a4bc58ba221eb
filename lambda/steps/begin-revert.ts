import type { Held } from "../rollout/revert.ts";
import type { Steering } from "../rollout/steering.ts";
import type { Subject } from "../rollout/subject.ts";
import type { Locked, Rollout } from "./part.ts";
import type { Ports } from "./ports.ts";

export interface TurnBack {
  readonly subject: Subject;
  /** Commands that were taken in before are not taken in again: an abort ended the flips, and must not end this. */
  readonly steering: Steering;
}

/** What a revert begins with. */
export interface BegunRevert {
  readonly steering: Steering;
  readonly hold: Held;
}

/** Right before the first flip back: the release is held, so that nothing brings it out again until a person clears it. */
export async function beginRevert(
  ports: Ports,
  rollout: Locked<Rollout>,
  { subject, steering }: TurnBack,
): Promise<BegunRevert> {
  await noteSubject(ports, rollout, subject);
  const hold = await holdSubject(ports, rollout, subject);
  return { hold, steering: await passLateAborts(ports, rollout, steering) };
}

/** When the release could not be held for long: whoever was flipped is turned back all the same. */
export async function beginWithoutHold(
  ports: Ports,
  rollout: Locked<Rollout>,
  { subject, steering }: TurnBack,
): Promise<BegunRevert> {
  const passed = await passLateAborts(ports, rollout, steering);
  await noteSubject(ports, rollout, subject).catch((error: unknown) => {
    const problem = error instanceof Error ? error.name : "unknown";
    ports.log.info("rollback not noted", { rolloutId: rollout.rolloutId, problem });
  });
  const hold = await holdSubject(ports, rollout, subject).catch((error: unknown): Held => {
    const problem = error instanceof Error ? error.message : String(error);
    ports.log.info("release not held", { rolloutId: rollout.rolloutId, release: subject.release, problem });
    return { held: false, notHeld: `the ledger did not take the hold: ${problem}` };
  });
  return { hold, steering: passed };
}

/** A rollout that turns back what it did itself says so in its own report. */
async function noteSubject({ ledger }: Ports, { kind, rolloutId }: Rollout, { rollouts }: Subject): Promise<void> {
  if (kind === "flip") return;
  for (const one of rollouts) await ledger.noteRevertedBy(one.rolloutId, rolloutId);
}

async function holdSubject(ports: Ports, { rolloutId, event }: Rollout, subject: Subject): Promise<Held> {
  const { release, action, rollouts } = subject;
  const hold = {
    action,
    rolloutId: rollouts[0]?.rolloutId ?? rolloutId,
    requestedBy: event.requestedBy ?? "cutover",
    reason: `rolled back by ${rolloutId}`,
    at: new Date(ports.nowMs()).toISOString(),
  };
  const held = await ports.ledger.holdRelease(release, hold, `hold-${rolloutId}`);
  if (held.kind !== "refused") return { held: true };
  ports.log.info("release not held", { rolloutId, release, problem: held.problem });
  return { held: false, notHeld: held.problem };
}

/**
 * An abort that came too late to stop the flips, and wants them turned back, must not end just that. Of several the last
 * one counts, and what came after it steers this. Whose sender was told that it stops the way back, does, and so does one
 * that was sent to a rollback: there is nothing else that it could end.
 */
async function passLateAborts({ ledger }: Ports, { kind, rolloutId }: Rollout, steering: Steering): Promise<Steering> {
  const { commands } = await ledger.readSteering(rolloutId);
  const last = commands.findLastIndex(({ command }) => command === "abort");
  const abort = last >= steering.seen ? commands[last] : undefined;
  const isLate = kind === "flip" && abort?.rollback && abort.phase !== "rolling back";
  return isLate ? { ...steering, seen: last + 1 } : steering;
}
