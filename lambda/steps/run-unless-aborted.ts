import { applyCommands, NO_COMMANDS } from "../core/gate/apply-commands.ts";
import { type Stop, toStop } from "../core/gate/decision.ts";
import { CONTROLS_AGE_MS } from "./gate/guard.ts";
import type { Ports } from "./ports.ts";
import { runChecked } from "./run-checked.ts";
import { type Part, type PartOptions, type Progress, type Rollout, runPart } from "./run-part.ts";

type AbortablePart = Pick<Part, "connection" | "log" | "untilMs"> & { isAborted(): boolean };

/**
 * Runs a part that flips no customer. Of all commands only an abort counts here, and it ends the part within seconds. The
 * gate before the first flip applies the others.
 */
export async function runUnlessAborted<State extends Progress>(
  ports: Ports,
  rollout: Rollout,
  options: PartOptions & { readonly from: State },
  work: (part: AbortablePart) => Promise<NoInfer<State>>,
): Promise<State> {
  let stop = await findAbort(ports, rollout);
  const toAborted = (): State => ({ ...options.from, done: true, stop });
  if (stop !== undefined) return toAborted();
  let readAtMs = ports.nowMs();

  async function isOver(): Promise<boolean> {
    if (ports.nowMs() - readAtMs < CONTROLS_AGE_MS) return false;
    readAtMs = ports.nowMs();
    // A ledger that does not answer now is asked again in five seconds.
    stop = await findAbort(ports, rollout).catch(() => undefined);
    return stop !== undefined;
  }

  return runPart(ports, rollout, options, async ({ connection, log, untilMs }) => {
    const working = () => work({ connection, log, untilMs, isAborted: () => stop !== undefined });
    const done = await runChecked(ports, { isOver, end: connection.close }, working).catch((error: unknown) => {
      if (stop === undefined) throw error;
    });
    return stop === undefined && done !== undefined ? done : toAborted();
  });
}

/** A dry run has no lock, flips no customer and ends by itself: no command can be sent to it. */
async function findAbort({ ledger }: Ports, { rolloutId, lock }: Rollout): Promise<Stop | undefined> {
  if (lock === undefined) return undefined;
  const { commands } = await ledger.readGateInputs(rolloutId);
  const { abort } = applyCommands(NO_COMMANDS, commands);
  return abort && toStop("halt", "abort", [{ code: "aborted", by: abort.by, why: abort.reason }]);
}
