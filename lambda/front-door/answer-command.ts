import type { Command } from "../contract/command.ts";
import type { Via } from "../contract/via.ts";
import { type ControlsShown, changeControls, protect, showControls } from "./change-controls.ts";
import { type CustomerFound, findCustomer } from "./find-customer.ts";
import { type CustomersListed, listCustomers } from "./list-customers.ts";
import { getLatest, listRollouts, type RolloutsListed } from "./list-rollouts.ts";
import { type NotedCommand, noteCommand } from "./note-command.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readStatus, type StatusAnswer } from "./read-status.ts";

export type CommandAnswer =
  | StatusAnswer
  | RolloutsListed
  | CustomersListed
  | CustomerFound
  | NotedCommand
  | ControlsShown;

/** Answers a command that asks about a rollout, steers a rollout, or changes the controls. @throws RefusedError */
export async function answerCommand(ports: FrontDoorPorts, command: Command, via: Via): Promise<CommandAnswer> {
  switch (command.command) {
    case "status":
      return readStatus(ports, { ...command, rolloutId: command.rolloutId ?? (await getLatest(ports)) });
    case "list":
      return listRollouts(ports, command);
    case "customers":
      return listCustomers(ports, command);
    case "customer":
      return findCustomer(ports, command);
    case "pause":
    case "resume":
    case "skip-bake":
    case "skip-all-bakes":
    case "abort":
    case "approve":
    case "reject":
      return noteCommand(ports, command, via);
    case "controls":
      return showControls(ports);
    case "stop-everything":
    case "resume-everything":
    case "try-login-again":
    case "hold-release":
    case "clear-release":
    case "unprotect":
    case "freeze":
    case "lift-freeze":
      return changeControls(ports, command, via);
    case "protect":
      return protect(ports, command, via);
  }
}
