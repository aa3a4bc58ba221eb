import type { Command } from "../contract/command.ts";
import type { Freeze } from "../contract/freeze.ts";
import { toIso, toMs } from "../contract/instant.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Via } from "../contract/via.ts";
import type { ControlChange, Controls } from "../core/controls.ts";
import { findWindow, listFreezes, toFrozen } from "../core/freezes.ts";
import { type Explained, explain } from "../core/reasons.ts";
import { lookUpProtected, type ProtectedCustomer } from "./look-up-protected.ts";
import type { FrontDoorPorts } from "./ports.ts";

const MOST_CHANGES = 20;

/** A command that changes the controls. */
export type ControlCommand = Extract<Command, { readonly command: ControlChange["change"] }>;

type ProtectCommand = Extract<Command, { readonly command: "protect" }>;

/** The controls as they are now, for the answer. */
export interface ControlsShown {
  readonly status: "stopped" | "frozen" | "open";
  readonly stopped?: Controls["stopped"];
  /** The freezes that apply; absent for none. */
  readonly freezes?: readonly Explained[];
  /** The freezes of the policy that are lifted now; absent for none. */
  readonly liftedFreezes?: Controls["freezes"];
  readonly holds: Controls["holds"];
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
  const change: ControlChange = { ...toChange(ports, command), via };
  const answer = await ports.ledger.changeControls(change, command.id);
  if (answer.kind === "refused") throw new RefusedError(`nothing was done: ${answer.problem}`);
  ports.log.info("controls changed", { command: command.command, id: command.id });
  return toShown(ports, answer.controls);
}

/** Shows the controls and their last changes. */
export async function showControls(ports: FrontDoorPorts): Promise<ControlsShown> {
  const { ledger } = ports;
  const controls = await ledger.readControls();
  const changes: ControlChange[] = [];
  for await (const changed of ledger.readControlHistory()) {
    changes.push(changed);
    if (changes.length > MOST_CHANGES) changes.shift();
  }
  return { ...toShown(ports, controls), changes: changes.reverse() };
}

function toChange({ policy, nowMs }: FrontDoorPorts, command: ControlCommand): ControlChange {
  const { requestedBy, reason } = command;
  const by = { requestedBy, reason, at: toIso(nowMs()) };
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
    case "freeze":
      if (findNamed(policy, command.name) !== undefined)
        throw new RefusedError(`nothing was done: the policy has a freeze ${command.name}; give this one another name`);
      return { ...by, change: "freeze", name: command.name, until: toIso(toMs(command.until)) };
    case "lift-freeze": {
      const planned = findNamed(policy, command.name);
      const window = planned && findWindow(planned, nowMs());
      const windowEnd = window && toIso(window.untilMs);
      return { ...by, change: "lift-freeze", name: command.name, ...(windowEnd !== undefined && { windowEnd }) };
    }
  }
}

function findNamed({ freezes }: FrontDoorPorts["policy"], name: string): Freeze | undefined {
  return freezes.find((freeze) => freeze.name === name);
}

function toShown({ policy, nowMs }: FrontDoorPorts, controls: Controls): ControlsShown {
  const { stopped, holds, protectedIds } = controls;
  const freezes = listFreezes(policy.freezes, controls, nowMs()).map(toFrozen).map(explain);
  const lifted = controls.freezes?.filter(({ lifts, until }) => lifts && toMs(until) > nowMs()) ?? [];
  const isFrozen = freezes.length > 0;
  return {
    status: stopped === undefined ? toStatus(isFrozen) : "stopped",
    ...(stopped && { stopped }),
    ...(isFrozen && { freezes }),
    ...(lifted.length > 0 && { liftedFreezes: lifted }),
    holds,
    protectedIds,
  };
}

function toStatus(isFrozen: boolean): ControlsShown["status"] {
  return isFrozen ? "frozen" : "open";
}
