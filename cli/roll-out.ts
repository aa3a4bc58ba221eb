import { randomBytes } from "node:crypto";
import { hasSucceeded } from "../lambda/core/report/report.ts";
import { countCustomers } from "../lambda/core/report/text-layout.ts";
import type { StatusAnswer } from "../lambda/front-door/read-status.ts";
import type { Started } from "../lambda/front-door/start-rollout.ts";
import { confirm } from "./ask-user.ts";
import type { Door } from "./connect.ts";
import { EXIT, Failure } from "./failure.ts";
import { follow, hasEnded } from "./follow.ts";
import { isInteractive, isLive, print, printJson, say } from "./terminal.ts";
import type { Event } from "./to-event.ts";

export interface Manner {
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Until the end; without a word, on a terminal only. */
  readonly watch?: boolean | undefined;
}

/** A dry run: which customers the event would flip, in which waves, and the plan's hash. */
export async function showPlan(door: Door, event: Event, manner: Manner): Promise<number> {
  const [, , ...argv] = process.argv;
  const planned = await plan(door, event);
  printAnswer(planned, manner);
  const { hash } = ("plan" in planned ? planned.plan : undefined) ?? {};
  if (planned.status === "planned" && event.action !== "rollback" && hash !== undefined)
    say({ text: `\nto run exactly this plan:\n  ${toCommand(argv, hash.slice(0, 12))}` });
  return toExitCode(planned);
}

/** The command line that runs what `cutover plan …` has shown. */
function toCommand(argv: readonly string[], hash: string): string {
  const at = argv.indexOf("plan");
  const words = ["cutover", ...argv.slice(0, at), ...argv.slice(at + 1), "--plan", hash];
  return words.map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

/** Starts a rollout. One that flips customers runs the plan that was shown, by its hash. */
export async function rollOut(door: Door, event: Event, manner: Manner): Promise<number> {
  const isSeen = event.plan !== undefined || event.action === "rollback" || event.dryRun === true;
  const seen = isSeen ? event : await showAndAsk(door, event, manner);
  if (seen === undefined) return EXIT.notAsWanted;
  const started = await start(door, seen);
  const { rolloutId, joined } = started;
  if (joined) say({ text: `the same event was sent before: rollout ${rolloutId} is ${started.status}` });
  if (!(manner.watch ?? isLive())) {
    if (manner.json) printJson(started);
    else say({ text: `to watch it: cutover status ${rolloutId} --watch` });
    return EXIT.asWanted;
  }
  const ended = await follow(door, started);
  printAnswer(ended, manner);
  return toExitCode(ended);
}

/** The event with the hash of the plan that was shown; undefined when its rollout would not succeed. */
async function showAndAsk(door: Door, event: Event, { yes, json }: Manner): Promise<Event | undefined> {
  if (!yes && !isInteractive())
    throw new Failure(
      "nothing was sent: without a terminal no question can be asked. Run `cutover plan` and add --plan HASH, or add --yes",
      { exitCode: EXIT.refused },
    );
  const planned = await plan(door, event);
  if (!json || planned.status !== "planned") printAnswer(planned, { json });
  else if (!yes && "text" in planned) say({ text: planned.text ?? "" });
  if (planned.status !== "planned" || !("plan" in planned) || planned.plan === undefined) return undefined;
  const { flip, hash } = planned.plan;
  if (!yes) await confirm(`${event.action} ${countCustomers(flip)} on ${door.environment}?`);
  return { ...event, plan: hash };
}

/** A dry run has an id of its own: it is not the rollout that it plans. */
async function plan(door: Door, { id: _id, plan: _plan, ...event }: Event): Promise<StatusAnswer> {
  const started = await start(door, { ...event, dryRun: true });
  return follow(door, started).catch((error: Failure) => {
    if (error.exitCode !== EXIT.interrupted) throw error;
    throw new Failure("no customer was flipped: this was only the plan", { exitCode: EXIT.interrupted, cause: error });
  });
}

/** With an id, an event that the SDK sends twice starts one rollout. */
async function start(door: Door, event: Event): Promise<Started> {
  const id = event.id ?? `${event.action}-${randomBytes(6).toString("hex")}`;
  const started = (await door.ask({ ...event, id })) as Started;
  if (event.dryRun !== true) say({ text: `started rollout ${id}` });
  return started;
}

/** The report, in the words of the front door. */
export function printAnswer(answer: StatusAnswer, { json }: Manner): void {
  const { rolloutId, status, problems = [] } = answer;
  if (json) printJson({ ...answer, text: undefined });
  else if ("text" in answer && answer.text !== undefined) print(answer.text);
  else print([`rollout ${rolloutId} is ${status}`, ...problems.map(({ message }) => message)].join("\n"));
}

/** A rollout that goes on is as wanted so far. */
export function toExitCode(answer: StatusAnswer): number {
  return !hasEnded(answer) || hasSucceeded(answer as object) ? EXIT.asWanted : EXIT.notAsWanted;
}
