import type { Durable } from "../durable.ts";
import type { Subject } from "../rollout/records.ts";
import type { Steering } from "../rollout/steering.ts";
import { announce } from "../steps/announce.ts";
import { holdRelease } from "../steps/begin-flips.ts";
import type { Locked, Rollout } from "../steps/part.ts";
import type { Ports } from "../steps/ports.ts";
import { afterRevertFailure, type Reverted, revertPart, startRevert, toReverted } from "../steps/revert-part.ts";
import { lookAgain, NOT_WATCHED } from "../steps/watch.ts";

export interface TurnBack {
  readonly subject: Subject;
  /** Commands that were taken in before are not taken in again: an abort ended the flips, and must not end this. */
  readonly steering: Steering;
}

/** Newest wave first. Before anything else the release is held, so that nothing brings it out again in the meantime. */
export async function turnBack(
  ports: Ports,
  durable: Durable,
  rollout: Locked<Rollout>,
  { subject, steering }: TurnBack,
): Promise<Reverted> {
  const seen = await durable.step("hold-release", () => holdRelease(ports, rollout, { subject, steering }));
  const progress = await durable.inParts({
    name: "revert-part",
    start: startRevert({ ...steering, seen }),
    part: (run, from) => revertPart(ports, rollout, run, { subject, from }),
    look: lookAgain(ports, rollout, NOT_WATCHED),
    afterFailure: afterRevertFailure,
  });
  const reverted = toReverted(progress);
  await durable.step("tell-reverted", () =>
    announce(ports, rollout, { change: "rolled back", reverted: reverted.counts }),
  );
  return reverted;
}
