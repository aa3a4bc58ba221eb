import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Stop } from "./gate/decision.ts";
import type { Candidate } from "./plan/candidates.ts";
import type { Plan } from "./plan/plan.ts";
import type { Reason } from "./reasons.ts";
import type { Report } from "./report/report.ts";
import type { RolloutEvent } from "./report/rollout-event.ts";
import type { Phase } from "./report/rollout-progress.ts";
import type { RolloutStatus } from "./report/rollout-status.ts";
import type { SourceRollouts } from "./rollback/source-rollouts.ts";

/** The lock and the controls of an environment: one item, read consistently before each batch. */
export interface LockAndControls {
  readonly lock?: Lock | undefined;
  /** Counts every taking of the lock: the fencing number. */
  readonly fence: number;
  /** Counts the changes of the controls; absent before the first. */
  readonly revision?: number | undefined;
  /** The stop switch: while it is set, no customer is flipped. */
  readonly stopped?: Attribution | undefined;
  readonly holds: Readonly<Record<string /* release */, Hold>>;
  /** Customers that are protected besides those of the policy. */
  readonly protectedIds: readonly string[];
}

/** Who asked for a change, why and when (ISO 8601). */
export interface Attribution {
  readonly requestedBy: string;
  readonly reason: string;
  readonly at: string;
}

/** A release that no event brings out again until a person clears it. */
export interface Hold extends Attribution {
  /** Of a `stage`, it refuses `stage` and `promote`; of a `promote`, only `promote`. */
  readonly action: "stage" | "promote";
  /** The rollout that was rolled back; a person holds a release without one. */
  readonly rolloutId?: string | undefined;
}

/** What steers one rollout, in the order of arrival. */
export interface CommandRecord {
  readonly id: string;
  readonly command: "pause" | "resume" | "skip-bake" | "skip-all-bakes" | "abort";
  readonly requestedBy: string;
  readonly reason: string;
  readonly at: string;
  /** Of a `pause`. */
  readonly pauseSeconds?: number | undefined;
  /** Of an `abort`. */
  readonly rollback?: boolean | undefined;
  /** What the rollout was doing when the command was sent, as far as the ledger knew. */
  readonly phase?: Phase | undefined;
}

/** What steers one rollout, as the ledger has it. */
export interface GateInputs {
  readonly controls: LockAndControls;
  /** All that were ever sent to it. */
  readonly commands: readonly CommandRecord[];
  /** What was seen to stop it, and could be over at the next poll: an alarm. */
  readonly stop?: Stop | undefined;
}

/** What the gate of a rollout saw when its last poll found something new. */
export interface GateRecord {
  /** ISO 8601. */
  readonly at: string;
  /** What was left of the bake. A bake passes only while every alarm has data. */
  readonly bakeLeftSeconds: number;
  /** Alarms without data. */
  readonly noData: readonly Reason[];
  /** How many of the commands the rollout had taken in. */
  readonly commandsSeen: number;
  /** What was left of the pause; 0 without a pause. */
  readonly pauseLeftSeconds: number;
}

export interface Lock {
  readonly rolloutId: string;
  readonly execution: string;
  readonly fence: number;
  readonly fingerprint: string;
  /** How long its last requests may go on after it was lost: its own policy says so, not that of the next holder. */
  readonly settleSeconds: number;
  /** Who held it before, when that execution had ended without giving it back. */
  readonly takenFrom?: Pick<Lock, "rolloutId" | "execution" | "settleSeconds"> | undefined;
}

export interface RolloutRecord {
  readonly rolloutId: string;
  readonly fingerprint: string;
  readonly execution: string;
  readonly event: DeployEvent;
  readonly startedAtMs: number;
  readonly status: RolloutStatus;
  readonly report?: Report | undefined;
  /** What became of a rollout that could not write a report. */
  readonly problem?: Reason | undefined;
  /** Of a rollback or a retry. */
  readonly source?: SourceRollouts | undefined;
  /** There once it was written completely. */
  readonly plan?: Plan | undefined;
  /** What it last told the outside. */
  readonly lastEvent?: RolloutEvent | undefined;
  /** The last other rollout that began to turn it back. */
  readonly rolledBackBy?: string | undefined;
}

/** That a rollout began to flip. */
export interface FlipsNote {
  readonly rolloutId: string;
  readonly action: "stage" | "promote";
}

/** One window of pages that a lookup found. */
export interface FoundPages {
  readonly query: number;
  readonly pass: number;
  readonly page: number;
  /** 64-bit hashes of every id that the server sent, selected or not. */
  readonly idHashes: Uint8Array;
  readonly customers: readonly Candidate[];
  /** Reference ids that the event names, with the customers that carry them. */
  readonly references: readonly (readonly [referenceId: string, customerId: string])[];
}
