import type { Durable } from "../durable.ts";
import { announce } from "../steps/announce.ts";
import { beginRevert, type TurnBack } from "../steps/begin-revert.ts";
import type { Locked, Rollout } from "../steps/part.ts";
import type { Ports } from "../steps/ports.ts";
import { afterRevertFailure, type Reverted, revertPart, startRevert, toReverted } from "../steps/revert-part.ts";
import { lookAgain, NOT_WATCHED } from "../steps/watch.ts";

/** Newest wave first. */
export async function turnBack(
  ports: Ports,
  durable: Durable,
  rollout: Locked<Rollout>,
  turned: TurnBack,
): Promise<Reverted> {
  const { subject } = turned;
  const steering = await durable.step("hold-release", () => beginRevert(ports, rollout, turned));
  const progress = await durable.inParts({
    name: "revert-part",
    start: startRevert(steering),
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
