import type { Durable } from "./durable.ts";
import { type BegunRevert, beginRevert, beginWithoutHold, type TurnBack } from "../steps/rollback/begin-rollback.ts";
import type { Locked, Rollout } from "../steps/run-part.ts";
import type { Ports } from "../steps/ports.ts";
import { afterRevertFailure, type Reverted, revertPart, startRevert, toReverted } from "../steps/rollback/rollback-part.ts";
import { lookAgain, NOT_WATCHED } from "../steps/gate/poll-gate.ts";

/** Newest wave first. */
export async function turnBack(
  ports: Ports,
  durable: Durable,
  rollout: Locked<Rollout>,
  turned: TurnBack,
): Promise<Reverted> {
  const { steering, hold } = await begin(ports, durable, rollout, turned);
  const progress = await durable.inParts({
    name: "revert-part",
    start: startRevert(steering),
    isPatient: true,
    part: (run, from) => revertPart(ports, rollout, run, { subject: turned.subject, from }),
    look: lookAgain(ports, rollout, NOT_WATCHED),
    afterFailure: afterRevertFailure,
  });
  return { ...toReverted(progress), hold };
}

/** That a release cannot be held keeps nobody from being turned back: the report says so. */
async function begin(ports: Ports, durable: Durable, rollout: Locked<Rollout>, turned: TurnBack): Promise<BegunRevert> {
  try {
    return await durable.step("hold-release", () => beginRevert(ports, rollout, turned));
  } catch {
    return durable.stepPatiently("begin-without-hold", () => beginWithoutHold(ports, rollout, turned));
  }
}
