import type { Reason } from "../reasons.ts";

/** What a gate decides. Its reasons are recorded. */
export type Decision =
  | {
      readonly decision: "proceed";
      /** Often empty. Otherwise what a person should know, for example who skipped the bake and why. */
      readonly reasons: readonly Reason[];
    }
  | Stop;

export interface Stop {
  /** "roll back" undoes what this rollout did. "halt" leaves everything as it is and asks a person. */
  readonly decision: "roll back" | "halt";
  readonly cause: "budget" | "alarm" | "no data" | "abort" | "controls" | "share" | "children-moved";
  readonly reasons: readonly Reason[];
}

/** What the policy or the event wants done when a gate fails. */
export type OnFailure = "rollback" | "halt";

export function isStop(decision: Decision | undefined): decision is Stop {
  return decision !== undefined && decision.decision !== "proceed";
}

export function toStop(onFailure: OnFailure, cause: Stop["cause"], reasons: readonly Reason[]): Stop {
  return { decision: onFailure === "rollback" ? "roll back" : "halt", cause, reasons };
}
