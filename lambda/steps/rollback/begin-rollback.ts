import type { CommandState } from "../../core/gate/apply-commands.ts";
import type { Held } from "../../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../core/rollback/source-rollouts.ts";
import { holdRelease } from "../hold-release.ts";
import type { Ports } from "../ports.ts";
import type { Locked, Rollout } from "../run-part.ts";

export interface RollbackRequest {
  readonly source: SourceRollouts;
  /** Commands that were applied before are not applied again: an abort ended the flips, and must not end their rollback. */
  readonly commandState: CommandState;
}

/** What a rollback begins with. */
export interface BegunRollback {
  readonly commandState: CommandState;
  readonly hold: Held;
}

/** Before the first restore: holds the release, so that no event flips customers to it until a person clears the hold. */
export async function beginRollback(
  ports: Ports,
  rollout: Locked<Rollout>,
  { source, commandState }: RollbackRequest,
): Promise<BegunRollback> {
  await noteSource(ports, rollout, source);
  const hold = await holdSource(ports, rollout, source);
  return { hold, commandState: await passLateAborts(ports, rollout, commandState) };
}

/** When the release could not be held after many tries: the rollback begins without the hold. */
export async function beginWithoutHold(
  ports: Ports,
  rollout: Locked<Rollout>,
  { source, commandState }: RollbackRequest,
): Promise<BegunRollback> {
  const passed = await passLateAborts(ports, rollout, commandState);
  await noteSource(ports, rollout, source).catch((error: unknown) => {
    const problem = error instanceof Error ? error.name : "unknown";
    ports.log.info("rollback not noted", { rolloutId: rollout.rolloutId, problem });
  });
  const hold = await holdSource(ports, rollout, source).catch((error: unknown): Held => {
    const problem = error instanceof Error ? error.message : String(error);
    ports.log.info("release not held", { rolloutId: rollout.rolloutId, release: source.release, problem });
    return { held: false, notHeld: `the ledger did not take the hold: ${problem}` };
  });
  return { hold, commandState: passed };
}

/** A rollout that rolls itself back says so in its own report. */
async function noteSource(
  { ledger }: Ports,
  { kind, rolloutId }: Rollout,
  { rollouts }: SourceRollouts,
): Promise<void> {
  if (kind === "flip") return;
  for (const one of rollouts) await ledger.noteRolledBackBy(one.rolloutId, rolloutId);
}

function holdSource(ports: Ports, rollout: Rollout, { release, action, rollouts }: SourceRollouts): Promise<Held> {
  const { rolloutId } = rollout;
  const of = rollouts[0]?.rolloutId ?? rolloutId;
  return holdRelease(ports, rollout, { release, action, rolloutId: of, reason: `rolled back by ${rolloutId}` });
}

/**
 * An abort that arrived after the flips and asks for their rollback counts as applied: it must not end that rollback. Of
 * several aborts the last one counts. Commands after it apply to the rollback, and so does an abort that was sent during
 * the rollback: it ends the rollback.
 */
async function passLateAborts(
  { ledger }: Ports,
  { kind, rolloutId }: Rollout,
  commandState: CommandState,
): Promise<CommandState> {
  const { commands } = await ledger.readGateInputs(rolloutId);
  const last = commands.findLastIndex(({ command }) => command === "abort");
  const abort = last >= commandState.seen ? commands[last] : undefined;
  const isLate = kind === "flip" && abort?.rollback && abort.phase !== "rolling back";
  return isLate ? { ...commandState, seen: last + 1 } : commandState;
}
