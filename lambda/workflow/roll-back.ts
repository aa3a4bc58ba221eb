import { pollGate, ROLLBACK_GATE } from "../steps/gate/poll-gate.ts";
import type { Ports } from "../steps/ports.ts";
import {
  type BegunRollback,
  beginRollback,
  beginWithoutHold,
  type RollbackRequest,
} from "../steps/rollback/begin-rollback.ts";
import {
  afterRollbackFailure,
  type RollbackResult,
  rollbackPart,
  startRollback,
  toRollbackResult,
} from "../steps/rollback/rollback-part.ts";
import type { Locked, Rollout } from "../steps/run-part.ts";
import type { Durable } from "./durable.ts";

/** Newest wave first. */
export async function rollBack(
  ports: Ports,
  durable: Durable,
  rollout: Locked<Rollout>,
  turned: RollbackRequest,
): Promise<RollbackResult> {
  const { commandState, hold } = await begin(ports, durable, rollout, turned);
  const progress = await durable.runParts({
    name: "rollback-part",
    start: startRollback(commandState),
    isPatient: true,
    part: (run, from) => rollbackPart(ports, rollout, run, { source: turned.source, from }),
    look: pollGate(ports, rollout, ROLLBACK_GATE),
    afterFailure: afterRollbackFailure,
  });
  return { ...toRollbackResult(progress), hold };
}

/** That a release cannot be held keeps nobody from being turned back: the report says so. */
async function begin(
  ports: Ports,
  durable: Durable,
  rollout: Locked<Rollout>,
  turned: RollbackRequest,
): Promise<BegunRollback> {
  try {
    return await durable.step("hold-release", () => beginRollback(ports, rollout, turned));
  } catch {
    return durable.stepPatiently("begin-without-hold", () => beginWithoutHold(ports, rollout, turned));
  }
}
