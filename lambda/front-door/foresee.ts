import { formatSeconds } from "../core/report/text-layout.ts";
import type { CommandRecord, RolloutRecord } from "../core/records.ts";
import type { Now } from "../core/report/rollout-progress.ts";

/** What a command will do, or why it would come to nothing: as far as the ledger knows where the rollout stands. */
export type Foreseen = { readonly effect: string } | { readonly nothing: string };

export interface AppliedCommands {
  readonly record: Pick<RolloutRecord, "event" | "plan">;
  readonly now: Now;
  /** What was sent before. */
  readonly commands: readonly CommandRecord[];
}

/** Who sends a command hears what it meets: an abort stops a rollback, and a bake that is not there cannot be skipped. */
export function foresee(command: CommandRecord, steered: AppliedCommands): Foreseen {
  const { now } = steered;
  if (now.phase === "ending") return { nothing: "it is ending, and nobody is flipped any more" };
  switch (command.command) {
    case "abort":
      return { effect: toAbort(command, now) };
    case "pause":
      return { effect: toPause(command, now) };
    case "resume":
      return toResume(steered);
    case "skip-bake":
      return toSkip(steered);
    case "skip-all-bakes":
      return toFull(steered);
  }
}

function toAbort({ rollback }: CommandRecord, { phase }: Now): string {
  switch (phase) {
    case "waiting":
    case "preparing":
      return "nobody is flipped yet: it ends with nobody flipped";
    case "rolling back":
      return "it is flipping back: this stops that; whoever is not flipped back by then stays as they are, and is named in its report";
    default: {
      const others = rollback === false ? "stays as they are" : "is flipped back";
      return `nobody else is flipped, and whoever was flipped ${others}`;
    }
  }
}

function toPause({ pauseSeconds = 0 }: CommandRecord, { phase, wave }: Now): string {
  const lasts = `for ${formatSeconds(pauseSeconds)} from when it takes this in`;
  switch (phase) {
    case "waiting":
    case "preparing":
      return `it stands still before its first flip, ${lasts}`;
    case "baking":
      return `wave ${wave} bakes on, and nobody is flipped ${lasts}`;
    case "rolling back":
      return `it is flipping back: nobody is flipped back ${lasts}`;
    default:
      return `nobody is flipped ${lasts}`;
  }
}

/** A pause counts from when it is taken in, which may be long after it was sent: only without any there is surely none. */
function toResume({ commands, now: { heldBy } }: AppliedCommands): Foreseen {
  const last = commands.findLast(({ command }) => command === "pause" || command === "resume");
  if (last?.command === "pause") return { effect: `the pause by ${last.requestedBy} ends, if it is not over already` };
  const others = heldBy.length === 0 ? "" : `; what holds it: ${heldBy.join("; ")}`;
  return { nothing: `it is not paused${others}` };
}

function toSkip({ record: { plan }, now: { phase, wave } }: AppliedCommands): Foreseen {
  const bakes = phase === "baking" && plan?.waves.some((each) => each.wave === wave && each.bakeSeconds > 0);
  if (bakes) return { effect: `the rest of the bake of wave ${wave} is skipped; its gate still counts` };
  return { nothing: `no bake is under way: ${describePhase({ phase, wave })}; ask for its status to see when one is` };
}

function toFull({ record: { event, plan }, now: { phase, wave = 0 } }: AppliedCommands): Foreseen {
  const effect = "no bake is waited for from now on; the gates still count";
  if (event.action === "rollback" || phase === "rolling back") return { nothing: "the way back has no bakes" };
  const isToCome = plan?.waves.some((each) => each.wave >= wave && each.customers > 0 && each.bakeSeconds > 0);
  return isToCome === false ? { nothing: "no bake is left to come" } : { effect };
}

function describePhase({ phase, wave }: Pick<Now, "phase" | "wave">): string {
  switch (phase) {
    case "waiting":
      return "it waits for the lock";
    case "preparing":
      return "nobody is flipped yet";
    case "baking":
      return `wave ${wave} has none, and is at its gate`;
    case "flipping":
      return `wave ${wave} is flipped`;
    case "rolling back":
      return "it is flipping back";
    case "ending":
      return "it is ending";
  }
}
