import { isStop } from "../core/gate/decision.ts";
import type { GateState } from "../core/gate/evaluate-gate.ts";
import type { PlannedWave } from "../core/plan/plan.ts";
import type { Reason } from "../core/reasons.ts";
import { beginFlips } from "../steps/flip/begin-flips.ts";
import { type FlipProgress, whyStopped } from "../steps/flip/flip-part.ts";
import { askApproval } from "../steps/gate/ask-approval.ts";
import { CHILDREN_START, type ChildrenProgress, readChildren, withoutCheck } from "../steps/gate/check-children.ts";
import { type GateConfig, withFreezes } from "../steps/gate/gate-config.ts";
import { createGatePoller } from "../steps/gate/gate-poller.ts";
import { publishApproved } from "../steps/gate/publish-gate.ts";
import { reasonsOf } from "./durable.ts";
import type { Ready } from "./prepare-rollout.ts";

export interface OpenedWave {
  readonly progress: FlipProgress;
  /** Who approved the wave, when and why. */
  readonly approval?: Reason | undefined;
  /** Of the first wave: what is known of the children of the first customers, right before the first flip. */
  readonly children?: ChildrenProgress | undefined;
}

/** Approval → for the first wave: until nothing holds the flips → read children → begin. A stop ends it. */
export async function openWave(ready: Ready, wave: PlannedWave, before: FlipProgress): Promise<OpenedWave> {
  try {
    const approved = await awaitApproval(ready, wave, before);
    if (wave.from > 0 || whyStopped(approved.progress) !== undefined) return approved;
    return { ...approved, ...(await begin(ready, wave, approved.progress)) };
  } catch (error) {
    return { progress: { ...before, problem: reasonsOf(error) } };
  }
}

/**
 * Asks for the approval of a wave that needs one, and waits for the answer at a gate: alarms, failures and commands count as
 * during a bake. No answer in time is a no.
 */
async function awaitApproval(ready: Ready, wave: PlannedWave, progress: FlipProgress): Promise<OpenedWave> {
  if (wave.approvalSeconds === undefined) return { progress };
  const { ports, durable, rollout, plan, gateConfig } = ready;
  const ask = () => askApproval(ports, rollout, { plan, wave, counts: progress.counts });
  const asked = await durable.step(`ask-approval-${wave.wave}`, ask, { retry: "patient" });
  const approval = { asked, seconds: wave.approvalSeconds };
  const config = { ...gateConfig, rules: { ...gateConfig.rules, approval } };
  const { progress: answered, reasons } = await waitAtGate(ready, `approval-${wave.wave}`, { config, progress });
  const approved = reasons.find(({ code }) => code === "approved");
  if (whyStopped(answered) !== undefined) return { progress: answered, approval: approved };
  await durable.step(`publish-approved-${wave.wave}`, () => publishApproved(ports, rollout, approved));
  return { progress: answered, approval: approved };
}

/** Right before the first flip. A freeze may hold it long after the approval, and a child that moves meanwhile was not moved by a flip. */
async function begin(ready: Ready, { approvalSeconds }: PlannedWave, approved: FlipProgress): Promise<OpenedWave> {
  const { ports, durable, rollout, plan, gateConfig } = ready;
  const config = withFreezes(ports, rollout.event, gateConfig);
  const { progress } =
    approvalSeconds === undefined
      ? { progress: approved }
      : await waitAtGate(ready, "ready-after-approval", { config, progress: approved });
  if (whyStopped(progress) !== undefined) return { progress };
  const children = await durable.runParts<ChildrenProgress>({
    name: "read-children",
    start: { ...CHILDREN_START, pace: progress.pace },
    part: (step, from) => readChildren(ports, rollout, step, from),
    afterFailure: withoutCheck,
  });
  const { stop, pace } = children;
  if (stop === undefined)
    await durable.step("begin-flips", () => beginFlips(ports, rollout, { plan, overridden: gateConfig.overridden }));
  return { progress: { ...progress, pace, stop }, children };
}

interface Wait {
  readonly config: GateConfig;
  readonly progress: FlipProgress;
  readonly bakeSeconds?: number;
}

/** Waits at a gate of the flips: its stop is part of the progress. */
export async function waitAtGate(
  { ports, durable, rollout }: Ready,
  name: string,
  { config, progress, bakeSeconds = 0 }: Wait,
) {
  const { commandState: from, counts } = progress;
  const poll = createGatePoller(ports, rollout, config);
  const gate = { bakeSeconds, commandState: from, poll: (state: GateState) => poll(state, counts.failed) };
  const { decision, commandState, notes = [] } = await durable.waitForGate(name, gate);
  const stop = isStop(decision) ? decision : undefined;
  return { progress: { ...progress, commandState, stop }, reasons: notes };
}
