import { randomBytes } from "node:crypto";
import { describeVia, type Via } from "../lambda/contract/via.ts";
import type { Attribution } from "../lambda/core/controls.ts";
import { adviseApproval, findQuestion } from "../lambda/core/report/next-steps.ts";
import { clean, countCustomers, formatTime } from "../lambda/core/report/text-layout.ts";
import type { ControlsShown } from "../lambda/front-door/change-controls.ts";
import type { ProtectedCustomer } from "../lambda/front-door/look-up-protected.ts";
import type { NotedCommand } from "../lambda/front-door/note-command.ts";
import { askReason, showAndAsk } from "./ask-user.ts";
import type { Door } from "./connect.ts";
import { EXIT, Failure } from "./failure.ts";
import { askStatus } from "./follow.ts";
import { print, printJson, say } from "./terminal.ts";

export interface Sender {
  readonly requestedBy: unknown;
  readonly reason?: string | undefined;
}

interface Form {
  readonly json?: boolean | undefined;
}

type Members = Readonly<Record<string, unknown>>;

/** Sends a command to a rollout; without an id, to the rollout that runs. */
export async function steer(
  door: Door,
  { rolloutId, ...members }: Members & { readonly rolloutId?: string | undefined },
  sender: Sender,
  { json }: Form,
): Promise<number> {
  const id = rolloutId ?? (await findRunning(door));
  const noted = (await door.ask({ ...members, rolloutId: id, ...(await completeSender(sender)) })) as NotedCommand;
  if (json) printJson(noted);
  else
    print(
      `${noted.command} is noted: rollout ${id} takes it in before its next batch, or at the next poll of its wait`,
    );
  say({ text: `to watch it: ${door.toCommand("status", id, "--watch")}` });
  return EXIT.asWanted;
}

/** The rollout that runs, or else the last: then the front door says how it has ended. A dry run takes no command. */
async function findRunning(door: Door): Promise<string> {
  const last = await askStatus(door, {});
  if (!("dryRun" in last && last.dryRun)) return last.rolloutId;
  throw new Failure("nothing was sent: there was no rollout yet, except dry runs, which take no command", {
    exitCode: EXIT.refused,
  });
}

interface AnswerMembers {
  readonly command: string;
  readonly rolloutId?: string | undefined;
  readonly plan?: unknown;
  readonly wave?: number | undefined;
}

/** Answers a rollout that waits for an approval; without the plan's hash, shows what is answered, and asks. */
export async function answerApproval(door: Door, answer: AnswerMembers, sender: Sender, form: Form): Promise<number> {
  const seen = answer.plan === undefined ? await askApproval(door, answer) : answer;
  return steer(door, { ...answer, ...seen, wave: answer.wave ?? seen?.wave }, sender, form);
}

async function askApproval(door: Door, { command, rolloutId }: AnswerMembers) {
  const status = await askStatus(door, { rolloutId });
  const report = "counts" in status ? status : undefined;
  const question = findQuestion(report ?? {});
  if (report === undefined || question === undefined)
    throw new Failure(`nothing was sent: rollout ${status.rolloutId} waits for no approval`, {
      exitCode: EXIT.refused,
    });
  const answers = adviseApproval(report).filter(({ send }) => send?.command === command);
  const instead = answers.map((each) => `${each.say}\n${door.writeAdvice(each)}`).join("\n");
  return showAndAsk({
    instead,
    async show() {
      const { waves = [] } = report.plan ?? {};
      const { customers = 0 } = waves.find(({ wave }) => wave === question.wave) ?? {};
      say({ text: clean(`${report.action} ${report.release}, plan ${question.plan}`), style: "bold" });
      say({ text: `wave ${question.wave} of ${waves.length}: ${countCustomers(customers)}` });
      return { seen: question, question: `${command} wave ${question.wave} on ${door.environment}?` };
    },
  });
}

/** Changes the controls of the whole environment, and shows them. */
export async function changeControls(door: Door, members: Members, sender: Sender, { json }: Form): Promise<number> {
  return printControls(await door.ask({ ...members, ...(await completeSender(sender)) }), json);
}

export async function showControls(door: Door, { json }: Form): Promise<number> {
  return printControls(await door.ask({ command: "controls" }), json);
}

/** With an id, a command that the SDK sends twice is done once. */
async function completeSender({ requestedBy, reason }: Sender) {
  return { requestedBy, reason: await askReason(reason), id: `cli-${randomBytes(6).toString("hex")}` };
}

interface Shown extends ControlsShown {
  readonly protectedNow?: readonly ProtectedCustomer[];
}

function printControls(answer: unknown, json: boolean | undefined): number {
  if (json) printJson(answer);
  else print(describeControls(answer as Shown));
  return EXIT.asWanted;
}

const STATUS: Readonly<Record<Shown["status"], string>> = {
  stopped: "stopped",
  frozen: "frozen",
  open: "no stop and no freeze",
};

function describeControls(shown: Shown): string {
  const { status, stopped, freezes = [], liftedFreezes = [], holds, protectedIds } = shown;
  const { protectedNow = [], changes = [] } = shown;
  const widest = Math.max(0, ...changes.map(({ change }) => change.length));
  return [
    stopped === undefined ? STATUS[status] : `${status} ${describeSender(stopped)}`,
    ...freezes.map(({ message }) => clean(message)),
    ...liftedFreezes.map(
      (lifted) => `freeze ${lifted.name} is lifted until ${formatTime(lifted.until)} ${describeSender(lifted)}`,
    ),
    ...Object.entries(holds).map(
      ([release, held]) =>
        `release ${clean(release)} is held ${held.rolloutId === undefined ? "" : `after rollout ${held.rolloutId} `}${describeSender(held)}`,
    ),
    `${countCustomers(protectedIds.length)} protected here, besides those of the policy`,
    ...protectedIds.slice(0, 20).map((id) => `  ${id}`),
    ...(protectedIds.length > 20 ? [`  and ${protectedIds.length - 20} more: --json shows all`] : []),
    ...protectedNow.map(({ name, customerId }) => `now protected: ${clean(name)} (${customerId})`),
    ...(changes.length > 0 ? ["last changes"] : []),
    ...changes.map((each) => `  ${formatTime(each.at)}  ${each.change.padEnd(widest)}  ${describeSender(each)}`),
  ].join("\n");
}

function describeSender({ requestedBy, via, reason }: Attribution & { readonly via?: Via | undefined }): string {
  return clean(`by ${requestedBy}${via === undefined ? "" : `, by ${describeVia(via)}`}: ${reason}`);
}
