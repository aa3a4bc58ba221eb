import { readCommand } from "../contract/command.ts";
import { RefusedError } from "../contract/refused-error.ts";
import { rightFor } from "../contract/rights.ts";
import { listFreezes, toFrozen } from "../core/freezes.ts";
import type { Report } from "../core/report/report.ts";
import { isUnderWay } from "../core/report/rollout-status.ts";
import { toCommands, writeNotice, writeWidget } from "../core/report/widget.ts";
import type { WidgetCall } from "../triggers/widget.ts";
import { answerCommand } from "./answer-command.ts";
import { checkRight, toAliasArn } from "./check-right.ts";
import { findPhase } from "./find-phase.ts";
import { findLatest } from "./list-rollouts.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readStatus } from "./read-status.ts";
import { findPointless } from "./refuse-pointless.ts";

const DOCUMENTATION = `The rollout that runs, or else the last one, and the controls of this environment. A button sends a command with your own
rights: you need \`lambda:InvokeFunction\` on the alias \`read\` of the front door to see this widget, on \`approve\` to answer an approval, and on \`steer\` for the other buttons. Type your name and a reason first.`;

/** Answers with HTML, also for a refusal, because the dashboard shows a viewer nothing but the error's type otherwise. */
export async function answerWidget(ports: FrontDoorPorts, call: WidgetCall, invokedArn: string): Promise<string> {
  if (call.describe) return DOCUMENTATION;
  try {
    if (call.command !== undefined) return await carryOut(ports, call, invokedArn);
    checkRight(invokedArn, "read");
    return await showRollout(ports, call, invokedArn);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return writeNotice(call.theme, error.message);
  }
}

async function carryOut(ports: FrontDoorPorts, call: WidgetCall, invokedArn: string): Promise<string> {
  const command = readCommand(call.command);
  const via = checkRight(invokedArn, rightFor(command));
  const { status } = (await answerCommand(ports, command, via)) as { readonly status?: string };
  const when = "the rollout takes it in before its next batch, or at the next poll of its wait";
  return writeNotice(
    call.theme,
    `${command.command} is ${status === "noted" ? `noted: ${when}` : "done"}. Refresh the widget to see it.`,
  );
}

async function showRollout(ports: FrontDoorPorts, { theme, typed }: WidgetCall, invokedArn: string): Promise<string> {
  const [rolloutId, controls] = await Promise.all([findLatest(ports), ports.ledger.readControls()]);
  const status = rolloutId === undefined ? undefined : await readStatus(ports, { rolloutId });
  const report =
    status !== undefined && "counts" in status
      ? status
      : { missing: status === undefined ? "no rollout yet" : `rollout ${status.rolloutId} is ${status.status}` };
  const useful = "counts" in report && isUnderWay(report) ? await findUseful(ports, report) : [];
  const switched = { command: controls.stopped === undefined ? "stop-everything" : "resume-everything" } as const;
  const buttons = [...useful, switched].map((send) => ({ send, endpoint: toAliasArn(invokedArn, rightFor(send)) }));
  const frozen = listFreezes(ports.policy.freezes, controls, ports.nowMs()).map(toFrozen);
  return writeWidget({ theme, typed, report, controls, frozen, alarms: ports.policy.alarms ?? [], buttons });
}

/** The commands that have an effect on the rollout now. */
async function findUseful({ ledger }: FrontDoorPorts, report: Report) {
  const { rolloutId } = report;
  const record = await ledger.findRollout(rolloutId);
  if (record === undefined) return [];
  const { commands } = await ledger.readGateInputs(rolloutId);
  const rollout = { record, at: findPhase(record), commands };
  const useful = toCommands(report).filter((command) => findPointless(command, rollout) === undefined);
  const isPaused = useful.some(({ command }) => command === "resume");
  return useful.filter(({ command }) => command !== "pause" || !isPaused);
}
