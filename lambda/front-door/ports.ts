import type { Policy } from "../contract/policy.ts";
import type { ChangedControls, ControlChange } from "../core/controls.ts";
import type { CommandRecord } from "../core/gate/apply-commands.ts";
import type { GateRecord } from "../core/gate/evaluate-gate.ts";
import type { Batch, Plan } from "../core/plan/plan.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import type { Executions, Ledger, Log } from "../steps/ports.ts";

/** The effects that both doors need to start a rollout. */
export interface StartRolloutPorts {
  readonly policy: Policy;
  readonly ledger: Pick<Ledger, "findRollout" | "readControls">;
  readonly executions: Executions & {
    /** Starts the worker under a name: the same name with the same payload is the same execution. */
    start(
      name: string,
      event: object,
    ): Promise<{ readonly kind: "started"; readonly execution?: string | undefined } | { readonly kind: "taken" }>;
  };
  readonly log: Log;
  nowMs(): number;
}

/** The effects of the front door: it reads the ledger, starts the worker, and answers pipelines. */
export interface FrontDoorPorts extends StartRolloutPorts {
  readonly ledger: FrontDoorLedger;
  readonly executions: StartRolloutPorts["executions"] & {
    findOutcome(
      execution: string,
    ): Promise<
      | { readonly kind: "running" }
      | { readonly kind: "returned"; readonly result: string }
      | { readonly kind: "failed"; readonly problem: string }
      | { readonly kind: "unknown" }
    >;
  };
  readonly pipelineJobs: PipelineJobs;
  sleep(ms: number): Promise<unknown>;
}

interface FrontDoorLedger
  extends Pick<Ledger, "findRollout" | "readControls" | "readGateInputs" | "readOutcomes" | "readBatches"> {
  findGateState(rolloutId: string): Promise<GateRecord | undefined>;
  addCommand(rolloutId: string, command: CommandRecord): Promise<"added" | "known" | "full">;
  /** A change that is sent twice with one id is made once. */
  changeControls(change: ControlChange, id?: string): Promise<ChangedControls>;
  /** The oldest first. */
  readControlHistory(): AsyncIterable<ControlChange>;
  /** The newest first. Dry runs have a list of their own. */
  readLastRollouts(most: number, list: { readonly dryRun: boolean }): Promise<readonly RolloutRecord[]>;
  /**
   * Items of a rollout by their places, up to the first that does not exist: the batches of the plan, what the plan
   * settles, then the batches of customers that appeared.
   */
  readPlanItems(
    rolloutId: string,
    plan: Pick<Plan, "batches" | "settledItems">,
    places: readonly number[],
  ): Promise<readonly PlanItem[]>;
  /** An item of the index of the plan's customers. */
  readCustomerIndex(rolloutId: string, index: number): Promise<Float64Array>;
}

export interface PlanItem extends Pick<Batch, "customers" | "outcomes" | "rollback" | "rolledBackBy"> {
  /** Of the last write. */
  readonly writtenAtMs: number;
}

interface JobDetails {
  readonly rolloutId: string;
  readonly summary: string;
}

interface PipelineJobs {
  succeed(jobId: string, details: JobDetails, variables: Readonly<Record<string, string>>): Promise<void>;
  askAgain(jobId: string, details: JobDetails, continuationToken: string): Promise<void>;
  fail(jobId: string, type: "ConfigurationError" | "JobFailed", message: string): Promise<void>;
}
