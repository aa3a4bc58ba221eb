import { randomBytes } from "node:crypto";
import type { Command } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { CommandRecord, RolloutRecord } from "../core/records.ts";
import type { Phase } from "../core/report/rollout-progress.ts";
import { isUnderWay } from "../core/report/rollout-status.ts";
import { findNow } from "./describe-progress.ts";
import { foresee } from "./foresee.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { reconcileStatus } from "./reconcile-status.ts";

/** A command for one rollout. */
export type RolloutCommand = Extract<Command, { readonly command: CommandRecord["command"] }>;

/** The answer to a command that a rollout will take in, a batch later at most. */
export interface Noted {
  readonly rolloutId: string;
  readonly command: CommandRecord["command"];
  readonly status: "noted";
  /** What it will do, as far as the ledger knows where the rollout stands; absent when it was noted before. */
  readonly effect?: string | undefined;
}

/** Notes a command for a rollout that goes on; the same id is the same command. @throws RefusedError */
export async function noteCommand(ports: FrontDoorPorts, command: RolloutCommand): Promise<Noted> {
  const { rolloutId } = command;
  const record = toRecord(command, ports.nowMs());
  const noted: Noted = { rolloutId, command: record.command, status: "noted" };
  // It was taken in when it came first, whatever became of the rollout since.
  if (command.id !== undefined && (await isNoted(ports, rolloutId, record))) return noted;
  const { effect, phase } = await findEffect(ports, record, await getRecord(ports, rolloutId));
  switch (await ports.ledger.addCommand(rolloutId, { ...record, phase })) {
    case "added":
      ports.log.info("command noted", { rolloutId, command: record.command, id: record.id });
      return { ...noted, effect };
    case "known":
      await isNoted(ports, rolloutId, record);
      return noted;
    case "full":
      throw new RefusedError(
        `nothing was done: rollout ${rolloutId} was sent as many commands as it can take; ${ADVICE_WHEN_FULL}`,
      );
  }
}

const ADVICE_WHEN_FULL = "`abort` has places of its own, and `stop-everything` stops every rollout";

function toRecord(command: RolloutCommand, nowMs: number): CommandRecord {
  const { requestedBy, reason, id = `${command.command}-${randomBytes(6).toString("hex")}` } = command;
  const common = { id, command: command.command, requestedBy, reason, at: new Date(nowMs).toISOString() };
  switch (command.command) {
    case "pause":
      return { ...common, pauseSeconds: Math.round(command.minutes * 60) };
    case "abort":
      return { ...common, rollback: command.rollback };
    case "resume":
    case "skip-bake":
    case "skip-all-bakes":
      return common;
  }
}

/** Who asked and why does not make it another command. @throws RefusedError for the id of one that would do another thing */
async function isNoted({ ledger }: FrontDoorPorts, rolloutId: string, record: CommandRecord): Promise<boolean> {
  const { commands } = await ledger.readGateInputs(rolloutId);
  const noted = commands.find(({ id }) => id === record.id);
  if (noted === undefined) return false;
  const { command, pauseSeconds, rollback } = record;
  if (noted.command === command && noted.pauseSeconds === pauseSeconds && noted.rollback === rollback) return true;
  throw new RefusedError(
    `nothing was done: the id ${record.id} belongs to another command of rollout ${rolloutId}; give this one an id of its own`,
  );
}

async function getRecord(ports: FrontDoorPorts, rolloutId: string): Promise<RolloutRecord> {
  const record = await ports.ledger.findRollout(rolloutId);
  if (record !== undefined) return reconcileStatus(ports, record);
  throw new RefusedError(
    `nothing was done: no rollout ${rolloutId} is known: it began less than a few seconds ago, or it was refused, or never sent; ask for its status, and send the command again once it runs`,
  );
}

/** What a command meets. */
interface Met {
  readonly effect: string;
  readonly phase: Phase;
}

/** @throws RefusedError for what would come to nothing: who sent it would wait for an effect that never comes */
async function findEffect(ports: FrontDoorPorts, command: CommandRecord, record: RolloutRecord): Promise<Met> {
  refuseUnsteerable(command, record);
  const { rolloutId } = record;
  const [commandState, wait] = await Promise.all([ports.ledger.readGateInputs(rolloutId), ports.ledger.findWait(rolloutId)]);
  const now = findNow({ record, wait, ...commandState, nowMs: ports.nowMs() });
  const foreseen = foresee(command, { record, now, commands: commandState.commands });
  if ("effect" in foreseen) return { effect: foreseen.effect, phase: now.phase };
  const rollBackSource = command.command === "abort" ? toRollbackEvent(rolloutId) : "";
  throw new RefusedError(
    `nothing was done: ${command.command} would come to nothing for rollout ${rolloutId}: ${foreseen.nothing}${rollBackSource}`,
  );
}

function toRollbackEvent(rolloutId: string): string {
  return `; to undo it, send ${JSON.stringify({ action: "rollback", rolloutId })}`;
}

function refuseUnsteerable({ command }: CommandRecord, { rolloutId, event, ...rollout }: RolloutRecord): void {
  if (event.dryRun) {
    throw new RefusedError(`nothing was done: rollout ${rolloutId} is a dry run: it flips nobody and ends by itself`);
  }
  if (isUnderWay(rollout)) return;
  const problem = rollout.report?.problem ?? rollout.problem;
  throw new RefusedError(
    `nothing was done: rollout ${rolloutId} has ended as ${describeEnd(rollout)}${problem === undefined ? "" : `; ${problem}`}${command === "abort" ? toRollbackEvent(rolloutId) : ""}`,
  );
}

/** `partial: 12 flipped, 1 failed` */
function describeEnd({ status, report }: Pick<RolloutRecord, "status" | "report">): string {
  const counts = Object.entries(report?.counts ?? {}).filter(([, count]) => count > 0);
  return [status, counts.map(([kind, count]) => `${count} ${kind}`).join(", ")].filter(Boolean).join(": ");
}
