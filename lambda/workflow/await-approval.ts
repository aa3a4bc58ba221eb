import type { Counts } from "../core/flip/outcome.ts";
import type { CommandState } from "../core/gate/apply-commands.ts";
import { isStop, type Stop } from "../core/gate/decision.ts";
import type { GateState } from "../core/gate/evaluate-gate.ts";
import type { Plan, PlannedWave } from "../core/plan/plan.ts";
import type { Reason } from "../core/reasons.ts";
import { askApproval } from "../steps/gate/ask-approval.ts";
import { type GateConfig, pollGate } from "../steps/gate/poll-gate.ts";
import { publishApproved } from "../steps/gate/publish-gate.ts";
import type { FlipRollout, Locked } from "../steps/run-part.ts";
import type { Run } from "./durable.ts";

interface Gated extends Run<Locked<FlipRollout>> {
  readonly plan: Plan;
  readonly gateConfig: GateConfig;
}

export interface Answered {
  readonly commandState: CommandState;
  /** A no, or what else stops the rollout while it waits. */
  readonly stop?: Stop | undefined;
  /** Who approved the wave, when and why. */
  readonly approval?: Reason | undefined;
}

/**
 * Asks for the approval of a wave that needs one, and waits for the answer at a gate: alarms, failures and commands count as
 * during a bake. No answer in time is a no.
 */
export async function awaitApproval(
  { ports, durable, rollout, plan, gateConfig }: Gated,
  wave: PlannedWave | undefined,
  { commandState, counts }: { readonly commandState: CommandState; readonly counts: Counts },
): Promise<Answered> {
  if (wave?.approvalSeconds === undefined) return { commandState };
  const ask = () => askApproval(ports, rollout, { plan, wave, counts });
  const until = await durable.step(`ask-approval-${wave.wave}`, ask, { retry: "patient" });
  const approval = { wave: wave.wave, seconds: wave.approvalSeconds, until };
  const poll = pollGate(ports, rollout, { ...gateConfig, rules: { ...gateConfig.rules, approval } });
  const gate = await durable.waitForGate(`approval-${wave.wave}`, {
    bakeSeconds: 0,
    commandState,
    poll: (state: GateState) => poll(state, counts.failed),
  });
  if (isStop(gate.decision)) return { commandState: gate.commandState, stop: gate.decision };
  const approved = gate.decision?.reasons.find(({ code }) => code === "approved");
  await durable.step(`publish-approved-${wave.wave}`, () => publishApproved(ports, rollout, approved));
  return { commandState: gate.commandState, approval: approved };
}
