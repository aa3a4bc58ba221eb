import { RefusedError } from "../contract/refused-error.ts";
import { type CommandRecord, findAnswer } from "../core/gate/apply-commands.ts";
import { toShortHash } from "../core/plan/short-hash.ts";
import { describeReason } from "../core/reasons.ts";
import { countStanding } from "../core/report/next-steps.ts";
import { describeProblems } from "../core/report/report.ts";
import type { RolloutProgress } from "../core/report/rollout-progress.ts";
import { isUnderWay } from "../core/report/rollout-status.ts";
import { formatTime } from "../core/report/text-layout.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { toNoted } from "./describe-progress.ts";

/** A rollout as a command finds it. */
export interface CommandedRollout {
  readonly record: RolloutRecord;
  readonly at: Pick<RolloutProgress, "phase" | "wave">;
  /** The commands that were sent before. */
  readonly commands: readonly CommandRecord[];
}

/**
 * Refuses a command that plainly has no effect. What any other command does is decided by the worker when it takes the
 * command in. @throws RefusedError
 */
export function refusePointless(record: CommandRecord, rollout: CommandedRollout): void {
  const { command } = record;
  const { rolloutId } = rollout.record;
  const problem = findPointless(record, rollout);
  if (problem === undefined) return;
  const undo = { say: "To undo it:", send: { action: "rollback", rolloutId } };
  const next = command === "abort" && mayStand(rollout.record) ? [undo] : [];
  throw new RefusedError(`nothing was done: ${command} has no effect on rollout ${rolloutId}: ${problem}`, { next });
}

/** What of a command decides whether it has an effect. */
export type Sent = Pick<CommandRecord, "command" | "plan" | "wave"> & { readonly at?: string | undefined };

/** Why a command plainly has no effect now. */
export function findPointless(command: Sent, rollout: CommandedRollout): string | undefined {
  return findEnd(rollout) ?? findNothing(command, rollout);
}

/** Whether a rollback could restore a customer. */
function mayStand({ event, report, lastEvent, rolledBackBy }: RolloutRecord): boolean {
  if (event.action === "rollback" || event.dryRun || rolledBackBy !== undefined) return false;
  return report === undefined ? lastEvent?.change !== "rolled back" : countStanding(report) > 0;
}

/** Why the rollout takes no command at all. */
function findEnd({ record, at }: CommandedRollout): string | undefined {
  if (record.event.dryRun) return "it is a dry run, which flips no customer and ends by itself";
  if (!isUnderWay(record)) {
    const problem = describeProblems(record.report ?? {}) ?? (record.problem && describeReason(record.problem));
    return `it has ended as ${describeEnd(record)}${problem === undefined ? "" : `; ${problem}`}`;
  }
  return at.phase === "ending" ? "it is ending and flips no more customers" : undefined;
}

/** `partial: 12 flipped, 1 failed` */
function describeEnd({ status, report }: RolloutRecord): string {
  const counts = Object.entries(report?.counts ?? {}).filter(([, count]) => count > 0);
  return [status, counts.map(([kind, count]) => `${count} ${kind}`).join(", ")].filter(Boolean).join(": ");
}

/** What a command would have to end or to answer, and is not there. */
function findNothing(record: Sent, rollout: CommandedRollout): string | undefined {
  switch (record.command) {
    case "approve":
    case "reject":
      return findWrongAnswer(record, rollout);
    case "abort":
    case "pause":
      return undefined;
    case "resume":
      return isPaused(rollout.commands) ? undefined : "it is not paused";
    case "skip-bake":
      return isBaking(rollout) ? undefined : `no bake is under way: ${describePhase(rollout.at)}`;
    case "skip-all-bakes":
      return hasBakes(rollout) ? undefined : "no bake is left";
  }
}

/** An answer is for the plan and the wave that a person has seen. */
function findWrongAnswer(
  { plan: seen = "", wave: meant, at: sentAt = "" }: Sent,
  { record: { plan, lastEvent }, at, commands }: CommandedRollout,
): string | undefined {
  const { phase, wave = 0 } = at;
  if (phase !== "waiting for approval") return `it waits for no approval: ${describePhase(at)}`;
  if (meant !== undefined && meant !== wave) return `wave ${wave} waits for an approval, and not wave ${meant}`;
  if (lastEvent?.change === "approval asked" && sentAt > lastEvent.until)
    return `the time for an answer was over at ${formatTime(lastEvent.until)}`;
  const { hash = "", waves = [] } = plan ?? {};
  const asked = waves.filter(({ customers, approvalSeconds }) => customers > 0 && approvalSeconds !== undefined);
  if (meant === undefined && asked.length > 1)
    return `its plan asks for ${asked.length} approvals, so the answer must name the wave; wave ${wave} waits`;
  if (!hash.startsWith(seen)) return `its plan is ${toShortHash(hash)}, and not ${seen}`;
  const answer = findAnswer(commands, wave);
  return answer && `wave ${wave} has its answer: ${describeReason(toNoted(answer))}`;
}

/** A pause counts from when the rollout takes it in, so a pause that was sent may still be to come. */
function isPaused(commands: readonly CommandRecord[]): boolean {
  return commands.findLast(({ command }) => command === "pause" || command === "resume")?.command === "pause";
}

function isBaking({ record: { plan }, at: { phase, wave } }: CommandedRollout): boolean {
  return phase === "baking" && (plan?.waves.some((each) => each.wave === wave && each.bakeSeconds > 0) ?? false);
}

/** Before the plan is known, a bake may come. */
function hasBakes({ record: { plan }, at: { phase, wave = 0 } }: CommandedRollout): boolean {
  if (phase === "rolling back") return false;
  return plan?.waves.some((each) => each.wave >= wave && each.customers > 0 && each.bakeSeconds > 0) ?? true;
}

function describePhase({ phase, wave }: CommandedRollout["at"]): string {
  switch (phase) {
    case "waiting":
      return "the rollout waits to begin";
    case "preparing":
      return "no customer is flipped yet";
    case "waiting for approval":
      return `wave ${wave} waits for an approval`;
    case "baking":
      return `wave ${wave} has no bake, and is at its gate`;
    case "flipping":
      return `wave ${wave} is still flipping`;
    case "rolling back":
      return "a rollback has no bakes";
    case "ending":
      return "the rollout is ending";
  }
}
