import { toLimits } from "../../contract/accept-deploy-event.ts";
import type { FlipEvent } from "../../contract/deploy-event.ts";
import type { Policy } from "../../contract/policy.ts";
import { isFreezable, listFreezes } from "../../core/freezes.ts";
import type { GateRules } from "../../core/gate/evaluate-gate.ts";
import { allowedFailures, toWaveLimit } from "../../core/gate/failure-limit.ts";
import { toBakeInterval } from "../../core/gate/poll-interval.ts";
import { FLIP_SHARE, ROLLBACK_SHARE } from "../../core/gate/rollback-reserve.ts";
import type { Plan } from "../../core/plan/plan.ts";
import type { Overridden } from "../../core/report/report.ts";
import type { Ports } from "../ports.ts";

/** What a rollout's gates look at, and by which rules they decide. */
export interface GateConfig {
  readonly alarms: readonly string[];
  readonly rules: GateRules;
  /** What the event overrides: no gate of this rollout looks at these alarms, nor at any freeze. */
  readonly overridden?: Overridden | undefined;
  /** Of the policy. Absent where no freeze holds: in a rollback, a bake, a verification, and after an override. */
  readonly freezes?: Policy["freezes"] | undefined;
  /** When the gate before the first flip read the alarms, in epoch milliseconds: one that rang since then counts. */
  readonly sinceMs?: number | undefined;
}

/** Neither an alarm nor a failure stops a rollback, which is the repair. */
export const ROLLBACK_GATE: GateConfig = {
  alarms: [],
  rules: { onFailure: "halt", noDataSeconds: Number.MAX_SAFE_INTEGER, isDelay: true, executionShare: ROLLBACK_SHARE },
};

export function toGateConfig(
  policy: Policy,
  event: FlipEvent,
  { overridden, plan }: Pick<GateConfig, "overridden"> & { readonly plan: Pick<Plan, "flip" | "waves"> },
): GateConfig {
  const { flip: planned, waves } = plan;
  const allowed = allowedFailures(toLimits(event, policy).failureBudget, planned, policy.smallestSample);
  const bakes = waves.flatMap(({ customers, bakeSeconds }) => (customers > 0 ? bakeSeconds : []));
  return {
    alarms: policy.alarms.filter((name) => !overridden?.alarms.includes(name)),
    rules: {
      onFailure: event.onFailure ?? policy.onFailure,
      noDataSeconds: policy.noDataMinutes * 60,
      failures: [{ allowed, planned }],
      pollSeconds: toBakeInterval(bakes),
      executionShare: FLIP_SHARE,
    },
    overridden,
  };
}

/** The gates of one wave: the failure budget also counts within the wave. */
export function toWaveConfig(
  { policy }: Pick<Ports, "policy">,
  event: FlipEvent,
  { config, wave }: { readonly config: GateConfig; readonly wave: Parameters<typeof toWaveLimit>[0] },
): GateConfig {
  const limit = toWaveLimit(wave, toLimits(event, policy).failureBudget, policy.smallestSample);
  return { ...config, rules: { ...config.rules, failures: [...(config.rules.failures ?? []), limit] } };
}

/** The gate before flips: a freeze holds it, unless the event overrides freezes. */
export function withFreezes({ policy }: Pick<Ports, "policy">, event: FlipEvent, config: GateConfig): GateConfig {
  return isFreezable(event) ? { ...config, freezes: policy.freezes } : config;
}

/** The alarms that are in ALARM now, and the freezes that apply: an event with an override passes them. */
export async function readOverridden({ policy, readAlarms, ledger, nowMs }: Ports): Promise<Overridden> {
  const [readings, controls] = await Promise.all([readAlarms(policy.alarms), ledger.readControls()]);
  return {
    alarms: readings.flatMap(({ name, state }) => (state === "ALARM" ? name : [])),
    freezes: listFreezes(policy.freezes, controls, nowMs()).map(({ name }) => name),
  };
}
