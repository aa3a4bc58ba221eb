import { applyCommands, NO_COMMANDS } from "../core/gate/apply-commands.ts";
import { type Stop, toStop } from "../core/gate/decision.ts";
import { CONTROLS_AGE_MS } from "./gate/lock.ts";
import { patrol } from "./gate/patrol.ts";
import type { Connection, Ports } from "./ports.ts";
import { type PartOptions, type Progress, type Rollout, runPart } from "./run-part.ts";

interface Preparing {
  readonly connection: Connection;
  readonly untilMs: number;
  isAborted(): boolean;
}

/**
 * Runs a part in which nobody is flipped yet. Of what steers a rollout only an abort counts, and it ends the part within
 * seconds; all else is taken in before the first flip.
 */
export async function runUnlessAborted<State extends Progress>(
  ports: Ports,
  rollout: Rollout,
  options: PartOptions & { readonly from: State },
  work: (part: Preparing) => Promise<NoInfer<State>>,
): Promise<State> {
  let stop = await findAbort(ports, rollout);
  const toAborted = (): State => ({ ...options.from, done: true, stop });
  if (stop !== undefined) return toAborted();
  let lookedAtMs = ports.nowMs();

  async function isOver(): Promise<boolean> {
    if (ports.nowMs() - lookedAtMs < CONTROLS_AGE_MS) return false;
    lookedAtMs = ports.nowMs();
    // What the ledger does not answer now it is asked again in some seconds.
    stop = await findAbort(ports, rollout).catch(() => undefined);
    return stop !== undefined;
  }

  return runPart(ports, rollout, options, async ({ connection, untilMs }) => {
    const working = () => work({ connection, untilMs, isAborted: () => stop !== undefined });
    const done = await patrol(ports, { isOver, end: connection.close }, working).catch((error: unknown) => {
      if (stop === undefined) throw error;
    });
    return stop === undefined && done !== undefined ? done : toAborted();
  });
}

/** A dry run has no lock: it flips nobody, ends by itself, and nobody can send it anything. */
async function findAbort({ ledger }: Ports, { rolloutId, lock }: Rollout): Promise<Stop | undefined> {
  if (lock === undefined) return undefined;
  const { commands } = await ledger.readGateInputs(rolloutId);
  const { abort } = applyCommands(NO_COMMANDS, commands);
  return abort && toStop("halt", "abort", [`aborted by ${abort.by}: ${abort.reason}`]);
}
