import type { Via } from "../../contract/via.ts";
import type { CommandName, GateReason } from "../reason-types.ts";
import type { Phase } from "../report/rollout-progress.ts";

/** A command that a rollout received. */
export interface CommandRecord {
  readonly id: string;
  readonly command: CommandName;
  readonly requestedBy: string;
  readonly reason: string;
  readonly at: string;
  /** Absent for a command that an earlier version noted. */
  readonly via?: Via | undefined;
  /** Of a `pause`. */
  readonly pauseSeconds?: number | undefined;
  /** Of an `abort`. */
  readonly rollback?: boolean | undefined;
  /** The plan's hash or its beginning, of an `approve` or a `reject`. */
  readonly plan?: string | undefined;
  /** The phase and the wave of the rollout when the command was sent, by the ledger. */
  readonly phase?: Phase | undefined;
  readonly wave?: number | undefined;
}

/** The commands that a rollout has applied so far, and their effect. */
export interface CommandState {
  /** How many commands were applied so far. */
  readonly seen: number;
  /** Neither this bake nor a later bake waits; each gate still decides. */
  readonly skipAllBakes: boolean;
  /** The remaining time of a pause; undefined without a pause. */
  readonly pausedSeconds?: number | undefined;
}

export const NO_COMMANDS: CommandState = { seen: 0, skipAllBakes: false };

export interface AppliedCommands extends CommandState {
  /** Whether a new command skips the rest of this bake. */
  readonly skipBake: boolean;
  /** The new command that ends the rollout. */
  readonly abort?: Abort | undefined;
}

export interface Abort {
  readonly rollback: boolean;
  readonly by: string;
  readonly reason: string;
}

const PAUSE_SECONDS = 3_600;

/**
 * Applies the commands that arrived since the last time, in the order of their arrival: of two pauses, or of two aborts,
 * the later command counts. No command after an abort takes the abort back.
 */
export function applyCommands(
  { seen, skipAllBakes, pausedSeconds }: CommandState,
  commands: readonly CommandRecord[],
): AppliedCommands {
  let applied: AppliedCommands = {
    seen: Math.max(seen, commands.length),
    skipAllBakes,
    pausedSeconds,
    skipBake: false,
  };
  for (const command of commands.slice(seen)) applied = { ...applied, ...toEffect(command) };
  return applied;
}

function toEffect({ command, requestedBy, reason, pauseSeconds, rollback }: CommandRecord): Partial<AppliedCommands> {
  switch (command) {
    case "pause":
      return { pausedSeconds: Math.ceil(pauseSeconds ?? PAUSE_SECONDS) };
    case "resume":
      return { pausedSeconds: undefined };
    case "skip-bake":
      return { skipBake: true };
    case "skip-all-bakes":
      return { skipAllBakes: true };
    case "abort":
      return { abort: { rollback: rollback ?? true, by: requestedBy, reason } };
    // They only answer for the wave that they name: see `findAnswer`.
    case "approve":
    case "reject":
      return {};
  }
}

/** Of the wave that waited when it was sent. */
export type Answer = CommandRecord & { readonly command: "approve" | "reject"; readonly wave: number };

export type Unanswered = Extract<GateReason, { readonly code: "waits-for-approval" }>;

/** Why a wave does not begin whose approval was asked for. */
export function toUnanswered({ wave, customers, until }: Omit<Unanswered, "code">): Unanswered {
  return { code: "waits-for-approval", wave, customers, until };
}

/** The answer of a wave that waits for an approval: the first one counts, and none of another wave. */
export function findAnswer(commands: readonly CommandRecord[], wave: number): Answer | undefined {
  return commands.find(
    (one): one is Answer => (one.command === "approve" || one.command === "reject") && one.wave === wave,
  );
}

/** The command state after so many seconds: a pause ends with its time. */
export function passTime(commandState: CommandState, seconds: number): CommandState {
  const { seen, skipAllBakes, pausedSeconds = 0 } = commandState;
  return pausedSeconds > seconds
    ? { seen, skipAllBakes, pausedSeconds: pausedSeconds - seconds }
    : { seen, skipAllBakes };
}
