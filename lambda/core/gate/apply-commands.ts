import type { CommandRecord } from "../records.ts";

/** How far a rollout has taken in the commands that were sent to it, and what they come to. */
export interface CommandState {
  /** How many commands were taken in so far. */
  readonly seen: number;
  /** No more waiting, in this bake and in every later one; gates still count. */
  readonly skipAllBakes: boolean;
  /** What is left of a pause; undefined when not paused. */
  readonly pausedSeconds?: number | undefined;
}

export const NO_COMMANDS: CommandState = { seen: 0, skipAllBakes: false };

export interface AppliedCommands extends CommandState {
  /** The rest of this bake is skipped: the new commands say so. */
  readonly skipBake: boolean;
  /** The new commands end the rollout. */
  readonly abort?: Abort | undefined;
}

export interface Abort {
  readonly rollback: boolean;
  readonly by: string;
  readonly reason: string;
}

const PAUSE_SECONDS = 3_600;

/**
 * Takes in the commands that came since the last time, in the order of their arrival: of two pauses, or two aborts, the
 * later one counts. An abort is never taken back: no command after it makes the rollout go on.
 */
export function applyCommands(
  { seen, skipAllBakes, pausedSeconds }: CommandState,
  commands: readonly CommandRecord[],
): AppliedCommands {
  let steered: AppliedCommands = {
    seen: Math.max(seen, commands.length),
    skipAllBakes,
    pausedSeconds,
    skipBake: false,
  };
  for (const command of commands.slice(seen)) steered = { ...steered, ...toEffect(command) };
  return steered;
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
  }
}

/** The steering after so many seconds: a pause ends with its time. */
export function passTime(commandState: CommandState, seconds: number): CommandState {
  const { seen, skipAllBakes, pausedSeconds = 0 } = commandState;
  return pausedSeconds > seconds
    ? { seen, skipAllBakes, pausedSeconds: pausedSeconds - seconds }
    : { seen, skipAllBakes };
}
