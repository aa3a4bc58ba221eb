import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Via } from "../contract/via.ts";
import type { Plan } from "./plan/plan.ts";
import type { Reason } from "./reasons.ts";
import type { Report } from "./report/report.ts";
import type { RolloutEvent } from "./report/rollout-event.ts";
import type { RolloutStatus } from "./report/rollout-status.ts";
import type { SourceRollouts } from "./rollback/source-rollouts.ts";

export interface RolloutRecord {
  readonly rolloutId: string;
  readonly fingerprint: string;
  readonly execution: string;
  readonly event: DeployEvent;
  /** Absent for an event that no door delivered, as in a run on one machine. */
  readonly via?: Via | undefined;
  readonly startedAtMs: number;
  readonly status: RolloutStatus;
  readonly report?: Report | undefined;
  /** Why a rollout ended without a report. */
  readonly problem?: Reason | undefined;
  /** Of a rollback or a retry. */
  readonly source?: SourceRollouts | undefined;
  /** Set once the whole plan is in the ledger. */
  readonly plan?: Plan | undefined;
  /** The last change that it published. */
  readonly lastEvent?: RolloutEvent | undefined;
  /** The last other rollout that began to roll it back. */
  readonly rolledBackBy?: string | undefined;
}
