import { applyCommands, type CommandState } from "../../core/gate/apply-commands.ts";
import type { Decision, Stop } from "../../core/gate/decision.ts";
import { toAbort } from "../../core/gate/evaluate-gate.ts";
import type { Ports } from "../ports.ts";
import { publish } from "../report/publish.ts";
import type { FlipRollout, Locked } from "../run-part.ts";

export interface DecidedGate {
  readonly wave: number;
  readonly decided: Pick<Decision, "decision" | "reasons">;
  /** Whether nobody is to be flipped in a later wave: nothing looks at the commands again. */
  readonly isLast: boolean;
  readonly commandState: CommandState;
}

/**
 * Tells what a gate has decided. After the last one nothing looks at the commands again, and from when it is told the
 * front door refuses them: an abort that came in between still counts. Gives what that makes of the decision.
 */
export async function publishGate(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  { wave, decided, isLast, commandState }: DecidedGate,
): Promise<Stop | undefined> {
  await publish(ports, rollout, { change: "gate decided", wave, ...decided });
  if (decided.decision === "roll back" || (decided.decision === "proceed" && !isLast)) return undefined;
  const { commands } = await ports.ledger.readGateInputs(rollout.rolloutId);
  const { abort } = applyCommands(commandState, commands);
  if (abort === undefined) return undefined;
  const stop = toAbort(abort, decided.decision === "halt" ? decided.reasons : []);
  await publish(ports, rollout, { change: "gate decided", wave, decision: stop.decision, reasons: stop.reasons });
  return stop;
}
