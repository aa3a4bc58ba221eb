import type { Command } from "../contract/command.ts";
import { type ControlsShown, changeControls, showControls } from "./change-controls.ts";
import { type NotedCommand, noteCommand } from "./note-command.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readStatus, type StatusAnswer } from "./read-status.ts";

export type CommandAnswer = StatusAnswer | NotedCommand | ControlsShown;

/** Answers a command that asks about a rollout, steers a rollout, or changes the controls. @throws RefusedError */
export async function answerCommand(ports: FrontDoorPorts, command: Command): Promise<CommandAnswer> {
  switch (command.command) {
    case "status":
      return readStatus(ports, command);
    case "pause":
    case "resume":
    case "skip-bake":
    case "skip-all-bakes":
    case "abort":
      return noteCommand(ports, command);
    case "controls":
      return showControls(ports);
    case "stop-everything":
    case "resume-everything":
    case "hold-release":
    case "clear-release":
    case "protect":
    case "unprotect":
      return changeControls(ports, command);
  }
}
