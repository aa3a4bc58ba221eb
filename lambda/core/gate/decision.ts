import type { OnFailure } from "../../contract/deploy-event.ts";
import type { Reason } from "../reasons.ts";

/** What a gate decides. Its reasons are recorded. */
export type Decision =
  | {
      readonly decision: "proceed";
      /** Often empty. Otherwise notes for a person, for example that a command skipped the bake. */
      readonly reasons: readonly Reason[];
    }
  | Stop;

export interface Stop {
  /** "roll back" undoes what this rollout did. "halt" leaves every customer where it is, until a person decides. */
  readonly decision: "roll back" | "halt";
  readonly cause: "budget" | "alarm" | "no data" | "abort" | "approval" | "controls" | "share" | "children-moved";
  readonly reasons: readonly Reason[];
}

export function isStop(decision: Decision | undefined): decision is Stop {
  return decision !== undefined && decision.decision !== "proceed";
}

export function toStop(onFailure: OnFailure, cause: Stop["cause"], reasons: readonly Reason[]): Stop {
  return { decision: onFailure === "rollback" ? "roll back" : "halt", cause, reasons };
}
