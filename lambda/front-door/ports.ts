import type { Policy } from "../contract/policy.ts";
import type { OrderChange } from "../rollout/controls.ts";
import type { CommandRecord, Hold, Orders, StandingOrder, SteeringRecord, Wait } from "../rollout/records.ts";
import type { Executions, Ledger, Log } from "../steps/ports.ts";

/** What starting a rollout needs of the world, from whichever door. */
export interface RolloutStartPorts {
  readonly policy: Policy;
  readonly ledger: Pick<Ledger, "findRollout" | "readOrders">;
  readonly executions: Executions & {
    /** Starts the worker under a name: the same name with the same payload is the same execution. */
    start(
      name: string,
      event: object,
    ): Promise<
      | { readonly kind: "started"; readonly execution?: string | undefined }
      | { readonly kind: "taken" }
      | { readonly kind: "too large" }
    >;
  };
  readonly log: Log;
  nowMs(): number;
}

/** What the front door needs of the world: it reads the ledger, starts the worker, and answers pipelines. */
export interface StartPorts extends RolloutStartPorts {
  readonly ledger: Pick<Ledger, "findRollout" | "readOrders" | "readOutcomes" | "readBatches"> & SteeringLedger;
  readonly executions: RolloutStartPorts["executions"] & {
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
}

/** What the ledger takes of those who steer; each change is one, however often it is sent under its id. */
export interface SteeringLedger {
  findWait(rolloutId: string): Promise<Wait | undefined>;
  addCommand(rolloutId: string, command: CommandRecord): Promise<"added" | "known" | "full">;
  readSteering(rolloutId: string): Promise<SteeringRecord>;
  setStopped(order: StandingOrder, id?: string): Promise<OrderAnswer>;
  clearStopped(order: StandingOrder, id?: string): Promise<OrderAnswer>;
  holdRelease(release: string, hold: Hold, id?: string): Promise<OrderAnswer>;
  clearRelease(release: string, order: StandingOrder, id?: string): Promise<OrderAnswer>;
  protect(customerIds: readonly string[], order: StandingOrder, id?: string): Promise<OrderAnswer>;
  unprotect(customerIds: readonly string[], order: StandingOrder, id?: string): Promise<OrderAnswer>;
  /** The oldest first. */
  readOrderHistory(): AsyncIterable<OrderChange>;
}

/** The orders after a change, or why there was none. */
export type OrderAnswer =
  | { readonly kind: "changed"; readonly orders: Orders }
  | { readonly kind: "refused"; readonly problem: string };

interface Told {
  readonly rolloutId: string;
  readonly summary: string;
}

export interface PipelineJobs {
  succeed(jobId: string, told: Told, variables: Readonly<Record<string, string>>): Promise<void>;
  askAgain(jobId: string, told: Told, continuationToken: string): Promise<void>;
  fail(jobId: string, type: "ConfigurationError" | "JobFailed", message: string): Promise<void>;
}
