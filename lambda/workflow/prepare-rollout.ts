import { type CommandState, NO_COMMANDS } from "../core/gate/apply-commands.ts";
import { isStop } from "../core/gate/decision.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { Ended } from "../core/report/report.ts";
import { type GateConfig, readOverridden, toGateConfig, withFreezes } from "../steps/gate/gate-config.ts";
import { createGatePoller } from "../steps/gate/gate-poller.ts";
import { lookUp } from "../steps/lookup/look-up.ts";
import { LOOKUP_START, type LookupProgress } from "../steps/lookup/lookup-run.ts";
import { makePlan, PLAN_START, type PlanProgress } from "../steps/plan/make-plan.ts";
import type { FlipRollout, Locked, Progress } from "../steps/run-part.ts";
import { type Run, reasonsOf } from "./durable.ts";

/** A rollout whose first wave may be opened: the plan is in the ledger, and its first gate has passed. */
export interface Ready extends Run<Locked<FlipRollout>> {
  readonly plan: Plan;
  readonly gateConfig: GateConfig;
  readonly commandState: CommandState;
  readonly pace: Progress["pace"];
}

export type Prepared = ({ readonly kind: "ended" } & Ended) | ({ readonly kind: "ready" } & Ready);

/** Look up → plan → a first gate. A problem here ends the rollout before its first flip. */
export async function prepareRollout(run: Run<FlipRollout>): Promise<Prepared> {
  const { ports, durable, rollout } = run;
  try {
    const { plan, pace, stop } = await lookUpAndPlan(run);
    const { lock, event } = rollout;
    if (plan === undefined || lock === undefined || stop !== undefined) return { kind: "ended", plan, stop };
    const overridden = event.override ? await durable.step("override", () => readOverridden(ports)) : undefined;
    const gateConfig = toGateConfig(ports.policy, event, { overridden, plan });
    const locked = { ...rollout, lock };
    const poll = createGatePoller(ports, locked, withFreezes(ports, event, gateConfig));
    const gate = { bakeSeconds: 0, commandState: NO_COMMANDS, poll };
    const { decision, commandState, alarmsReadAtMs: sinceMs } = await durable.waitForGate("ready", gate);
    if (isStop(decision)) return { kind: "ended", plan, stop: decision };
    return { kind: "ready", ...run, rollout: locked, plan, gateConfig: { ...gateConfig, sinceMs }, commandState, pace };
  } catch (error) {
    return { kind: "ended", problem: reasonsOf(error) };
  }
}

async function lookUpAndPlan({ ports, durable, rollout }: Run<FlipRollout>): Promise<PlanProgress> {
  const lookup = await durable.runParts<LookupProgress>({
    name: "look-up",
    start: LOOKUP_START,
    part: (run, from) => lookUp(ports, rollout, run, from),
  });
  return durable.runParts<PlanProgress>({
    name: "plan",
    start: { ...PLAN_START, stop: lookup.stop, done: lookup.stop !== undefined },
    part: (run, from) => makePlan(ports, rollout, run, { lookup, from }),
  });
}
