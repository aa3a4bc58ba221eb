import type { ControlChange, Hold } from "../core/controls.ts";
import type { Held } from "../core/rollback/settle-before-rollback.ts";
import type { Ports } from "./ports.ts";
import type { Rollout } from "./run-part.ts";

/** What is held, and after which rollout. */
export interface ReleaseHold extends Pick<Hold, "action" | "rolloutId" | "reason"> {
  readonly release: string;
}

/** Holds a release, once for each rollout: no event flips customers to it until a person clears the hold. */
export async function holdRelease(
  { ledger, log, nowMs }: Ports,
  { rolloutId }: Pick<Rollout, "rolloutId">,
  { release, reason, ...hold }: ReleaseHold,
): Promise<Held> {
  const change: ControlChange = {
    change: "hold-release",
    release,
    hold,
    requestedBy: "Cutover",
    reason,
    at: new Date(nowMs()).toISOString(),
  };
  const held = await ledger.changeControls(change, `hold-${rolloutId}`);
  if (held.kind !== "refused") return { held: true };
  log.info("release not held", { rolloutId, release, problem: held.problem });
  return { held: false, notHeld: held.problem };
}
