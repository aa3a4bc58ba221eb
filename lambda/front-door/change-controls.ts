import type { Command } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Via } from "../contract/via.ts";
import type { ControlChange, LockAndControls } from "../core/controls.ts";
import { lookUpProtected, type ProtectedCustomer } from "./look-up-protected.ts";
import type { FrontDoorPorts } from "./ports.ts";

const MOST_CHANGES = 20;

/** A command that changes the controls. */
export type ControlCommand = Extract<Command, { readonly command: ControlChange["change"] }>;

type ProtectCommand = Extract<Command, { readonly command: "protect" }>;

/** The controls as they are now, for the answer. */
export interface ControlsShown {
  readonly status: "stopped" | "open";
  readonly stopped?: LockAndControls["stopped"];
  readonly holds: LockAndControls["holds"];
  readonly protectedIds: readonly string[];
  /** The last changes, the newest first. */
  readonly changes?: readonly ControlChange[];
}

/** Protects customers after a lookup, which gives their ids and names. @throws RefusedError */
export async function protect(
  ports: FrontDoorPorts,
  command: ProtectCommand,
  via: Via,
): Promise<ControlsShown & { readonly protectedNow: readonly ProtectedCustomer[] }> {
  const protectedNow = await lookUpProtected(ports, command, via);
  const customerIds = protectedNow.map(({ customerId }) => customerId);
  return { ...(await changeControls(ports, { ...command, customerIds }, via)), protectedNow };
}

/** Changes the controls; the same id is the same change. @throws RefusedError */
export async function changeControls(ports: FrontDoorPorts, command: ControlCommand, via: Via): Promise<ControlsShown> {
  const change: ControlChange = { ...toChange(command, new Date(ports.nowMs()).toISOString()), via };
  const answer = await ports.ledger.changeControls(change, command.id);
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

function toChange(command: ControlCommand, at: string): ControlChange {
  const { requestedBy, reason } = command;
  const by = { requestedBy, reason, at };
  switch (command.command) {
    case "stop-everything":
    case "resume-everything":
    case "try-login-again":
      return { ...by, change: command.command };
    case "hold-release":
      // A person who holds a release wants it neither staged nor promoted.
      return { ...by, change: "hold-release", release: command.release, hold: { action: "stage" } };
    case "clear-release":
      return { ...by, change: "clear-release", release: command.release };
    case "protect":
    case "unprotect":
      return { ...by, change: command.command, customerIds: command.customerIds ?? [] };
  }
}

function toShown({ stopped, holds, protectedIds }: LockAndControls): ControlsShown {
  const status = stopped === undefined ? "open" : "stopped";
  return { status, ...(stopped && { stopped }), holds, protectedIds };
}
