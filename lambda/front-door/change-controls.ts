import type { Command } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Attribution, ControlChange, LockAndControls } from "../core/controls.ts";
import type { ControlAnswer, FrontDoorPorts } from "./ports.ts";

const MOST_CHANGES = 20;

/** A command that changes the controls. */
export type ControlCommand = Extract<Command, { readonly command: ControlChange["change"] }>;

/** The controls as they are now, for the answer. */
export interface ControlsShown {
  readonly status: "stopped" | "open";
  readonly stopped?: LockAndControls["stopped"];
  readonly holds: LockAndControls["holds"];
  readonly protectedIds: readonly string[];
  /** The last changes, the newest first. */
  readonly changes?: readonly ControlChange[];
}

/** Changes the controls; the same id is the same change. @throws RefusedError */
export async function changeControls(ports: FrontDoorPorts, command: ControlCommand): Promise<ControlsShown> {
  const { requestedBy, reason } = command;
  const answer = await change(ports, command, { requestedBy, reason, at: new Date(ports.nowMs()).toISOString() });
  if (answer.kind === "refused") throw new RefusedError(`nothing was done: ${answer.problem}`);
  ports.log.info("controls changed", { command: command.command, id: command.id });
  return toShown(answer.controls);
}

/** Shows the controls and their last changes. */
export async function showControls({ ledger }: FrontDoorPorts): Promise<ControlsShown> {
  const controls = await ledger.readControls();
  const changes: ControlChange[] = [];
  for await (const changed of ledger.readControlHistory()) {
    changes.push(changed);
    if (changes.length > MOST_CHANGES) changes.shift();
  }
  return { ...toShown(controls), changes: changes.reverse() };
}

function change({ ledger }: FrontDoorPorts, command: ControlCommand, by: Attribution): Promise<ControlAnswer> {
  const { id } = command;
  switch (command.command) {
    case "stop-everything":
      return ledger.setStopped(by, id);
    case "resume-everything":
      return ledger.clearStopped(by, id);
    case "hold-release":
      // A person who holds a release wants it neither staged nor promoted.
      return ledger.holdRelease(command.release, { ...by, action: "stage" }, id);
    case "clear-release":
      return ledger.clearRelease(command.release, by, id);
    case "protect":
      return ledger.protect(command.customerIds, by, id);
    case "unprotect":
      return ledger.unprotect(command.customerIds, by, id);
  }
}

function toShown({ stopped, holds, protectedIds }: LockAndControls): ControlsShown {
  const status = stopped === undefined ? "open" : "stopped";
  return { status, ...(stopped && { stopped }), holds, protectedIds };
}
