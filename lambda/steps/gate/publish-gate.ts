import { applyCommands, type CommandState } from "../../core/gate/apply-commands.ts";
import type { Decision, Stop } from "../../core/gate/decision.ts";
import { toAbort } from "../../core/gate/evaluate-gate.ts";
import { explain, type Reason } from "../../core/reasons.ts";
import { toEventReasons } from "../../core/report/rollout-event.ts";
import type { Ports } from "../ports.ts";
import { publish } from "../report/publish.ts";
import type { FlipRollout, Locked } from "../run-part.ts";

export interface DecidedGate {
  readonly wave: number;
  readonly decided: Pick<Decision, "decision" | "reasons">;
  /** Whether no later wave has customers: no later gate reads the commands. */
  readonly isLast: boolean;
  readonly commandState: CommandState;
}

/**
 * Publishes what a gate has decided. After the last gate the front door refuses commands, from this publication on. An
 * abort that arrived between the last poll and the publication still counts: it is returned, and published as well.
 */
export async function publishGate(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  { wave, decided, isLast, commandState }: DecidedGate,
): Promise<Stop | undefined> {
  await publishDecision(ports, rollout, { wave, ...decided });
  if (decided.decision === "roll back" || (decided.decision === "proceed" && !isLast)) return undefined;
  const { commands } = await ports.ledger.readGateInputs(rollout.rolloutId);
  const { abort } = applyCommands(commandState, commands);
  if (abort === undefined) return undefined;
  const stop = toAbort(abort, decided.decision === "halt" ? decided.reasons : []);
  await publishDecision(ports, rollout, { wave, decision: stop.decision, reasons: stop.reasons });
  return stop;
}

/** Publishes that a wave was approved, and begins. */
export async function publishApproved(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  approved: Reason | undefined,
): Promise<void> {
  if (approved?.code !== "approved") return;
  const { wave, by, why } = approved;
  await publish(ports, rollout, { change: "approved", wave, by, reason: why });
}

function publishDecision(
  ports: Ports,
  rollout: Locked<FlipRollout>,
  { reasons, ...decided }: Pick<Decision, "decision" | "reasons"> & { readonly wave: number },
): Promise<void> {
  return publish(ports, rollout, { change: "gate decided", ...decided, reasons: toEventReasons(reasons.map(explain)) });
}
