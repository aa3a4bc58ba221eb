import { randomBytes } from "node:crypto";
import type { Command } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Via } from "../contract/via.ts";
import { findHold, toHeld } from "../core/controls.ts";
import type { CommandRecord } from "../core/gate/apply-commands.ts";
import { releaseOf } from "../core/report/report.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { ControlsError } from "./check-controls.ts";
import { findPhase } from "./find-phase.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { reconcileStatus } from "./reconcile-status.ts";
import { refusePointless } from "./refuse-pointless.ts";

/** A command for one rollout. */
export type RolloutCommand = Extract<Command, { readonly command: CommandRecord["command"] }>;

/** The answer to a command that the rollout takes in later: before its next batch, or at the next poll of a wait. */
export interface NotedCommand {
  readonly rolloutId: string;
  readonly command: CommandRecord["command"];
  readonly status: "noted";
}

/** Notes a command for a rollout that is under way. A command that is sent twice with one id is one command. @throws RefusedError */
export async function noteCommand(ports: FrontDoorPorts, command: RolloutCommand, via: Via): Promise<NotedCommand> {
  const { rolloutId } = command;
  const record: CommandRecord = { ...toRecord(command, ports.nowMs()), via };
  const noted: NotedCommand = { rolloutId, command: record.command, status: "noted" };
  // A command that was noted before stays noted, even when the rollout has ended since.
  if (command.id !== undefined && (await isNoted(ports, rolloutId, record))) return noted;
  const at = await checkCommand(ports, record, await getRollout(ports, rolloutId));
  switch (await ports.ledger.addCommand(rolloutId, { ...record, ...at })) {
    case "added":
      ports.log.info("command noted", { rolloutId, command: record.command, id: record.id });
      return noted;
    case "known":
      await isNoted(ports, rolloutId, record);
      return noted;
    case "full":
      throw new RefusedError(
        `nothing was done: rollout ${rolloutId} has as many commands as it can take; send \`abort\`, for which places are kept, or \`stop-everything\`, which stops every rollout`,
      );
  }
}

function toRecord(command: RolloutCommand, nowMs: number): CommandRecord {
  const { requestedBy, reason, id = `${command.command}-${randomBytes(6).toString("hex")}` } = command;
  const common = { id, command: command.command, requestedBy, reason, at: new Date(nowMs).toISOString() };
  switch (command.command) {
    case "pause":
      return { ...common, pauseSeconds: Math.round(command.minutes * 60) };
    case "abort":
      return { ...common, rollback: command.rollback };
    case "approve":
    case "reject":
      return { ...common, plan: command.plan, wave: command.wave };
    case "resume":
    case "skip-bake":
    case "skip-all-bakes":
      return common;
  }
}

/** A command with another sender or reason is the same command. @throws RefusedError for the id of a different command */
async function isNoted({ ledger }: FrontDoorPorts, rolloutId: string, record: CommandRecord): Promise<boolean> {
  const { commands } = await ledger.readGateInputs(rolloutId);
  const noted = commands.find(({ id }) => id === record.id);
  if (noted === undefined) return false;
  const { wave = noted.wave } = record;
  const members = ["command", "pauseSeconds", "rollback", "plan"] as const;
  if (noted.wave === wave && members.every((member) => noted[member] === record[member])) return true;
  throw new RefusedError(
    `nothing was done: the id ${record.id} belongs to a different command of rollout ${rolloutId}; give this command an id of its own`,
  );
}

async function getRollout(ports: FrontDoorPorts, rolloutId: string): Promise<RolloutRecord> {
  const record = await ports.ledger.findRollout(rolloutId);
  if (record !== undefined) return reconcileStatus(ports, record);
  throw new RefusedError(
    `nothing was done: no rollout ${rolloutId} is known: it began a few seconds ago, it was refused, or it was never sent; ask for its status, and send the command again once it runs`,
  );
}

async function checkCommand({ ledger }: FrontDoorPorts, command: CommandRecord, record: RolloutRecord) {
  const { commands } = await ledger.readGateInputs(record.rolloutId);
  const at = findPhase(record);
  refusePointless(command, { record, at, commands });
  if (command.command === "approve") await refuseHeld(ledger, record);
  return at;
}

/** A hold forbids events, and an approval lets customers follow just as an event does. @throws RefusedError */
async function refuseHeld(ledger: Pick<FrontDoorPorts["ledger"], "readControls">, record: RolloutRecord) {
  const { action } = record.source ?? record.event;
  const release = releaseOf(record);
  if (release === undefined || (action !== "stage" && action !== "promote")) return;
  const hold = findHold(await ledger.readControls(), action, release);
  if (hold !== undefined) throw new ControlsError(toHeld(release, hold));
}
